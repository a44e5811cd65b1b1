import fc from 'fast-check';
import { parseCsvRow } from '../src/csv-row';

describe('a CSV record', () => {
  it.each([
    ['quoted fields', '"a","b c",""', ['a', 'b c', '']],
    ['bare fields', 'a,,b', ['a', '', 'b']],
    ['an empty record', '', ['']],
    ['an empty last field', '"a",', ['a', '']],
    ['a comma in a field', '"a,b",c', ['a,b', 'c']],
    ['quotes in a field', '"say ""a""","""",""""""', ['say "a"', '"', '""']],
  ])('has %s', (_, line, fields) => {
    expect(parseCsvRow(line)).toEqual(fields);
  });

  it.each([
    ['a quote that is not closed', '"a","b'],
    ['something after a quoted field', '"a"b,"c"'],
    ['a quote in a bare field', 'a"b,c'],
    ['an escaped quote at its end', '"a""'],
  ])('is none with %s', (_, line) => {
    expect(parseCsvRow(line)).toBeNull();
  });

  it('gives back any fields that were quoted', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('"', ',', 'a', ' ') }), { minLength: 1 }),
        (fields) => {
          const line = fields.map((field) => `"${field.replaceAll('"', '""')}"`).join(',');
          expect(parseCsvRow(line)).toEqual(fields);
        },
      ),
    );
  });
});
