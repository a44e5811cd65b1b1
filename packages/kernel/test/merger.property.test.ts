import { compareBytes, compareRank, encodeWtf8 } from '@mapreduce/shared-utils';
import * as fc from 'fast-check';
import type { CountMerger, Kernel, MergerOptions } from '../src';
import { encodeRows } from '../src/rows';
import { createMerger, kernels, textOf } from './count-lines';

type Counts = readonly (readonly [url: string, count: number])[];

const codeUnits = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd7fe, max: 0xe001 })), {
    maxLength: 6,
  })
  .map((units) => String.fromCharCode(...units));
const url = fc.oneof(
  fc.constantFrom(
    '',
    'a',
    'ab',
    'b',
    '1',
    '01',
    '__proto__',
    'constructor',
    '\uffff',
    '😀',
    '\ud800',
    '\udc00',
  ),
  codeUnits,
);
const counts: fc.Arbitrary<Counts> = fc.uniqueArray(fc.tuple(url, fc.integer({ min: 1, max: 5 })), {
  selector: ([name]) => name,
  maxLength: 12,
});

const toRows = (partition: Counts) =>
  encodeRows(partition.map(([name, count]) => ({ bytes: encodeWtf8(name), count })));

function merge(kernel: Kernel, parts: readonly Counts[], settings: Partial<MergerOptions> = {}): CountMerger {
  const merger = createMerger(kernel, settings);
  for (const part of parts) {
    merger.add(toRows(part));
    merger.end();
  }
  return merger;
}

function merged(kernel: Kernel, ...parts: readonly Counts[]): string {
  const merger = merge(kernel, parts);
  const text = textOf(merger);
  merger.close();
  return text;
}

function addNaively(parts: readonly Counts[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const [name, count] of parts.flat()) sums.set(name, (sums.get(name) ?? 0) + count);
  return sums;
}

describe.each(kernels)('The merger of the $name kernel', (kernel) => {
  it('is commutative', () => {
    fc.assert(
      fc.property(counts, counts, (a, b) => {
        expect(merged(kernel, a, b)).toBe(merged(kernel, b, a));
      }),
    );
  });

  it('is associative: sums of sums are the sum', () => {
    fc.assert(
      fc.property(counts, counts, counts, (a, b, c) => {
        const ab = [...addNaively([a, b])];
        const bc = [...addNaively([b, c])];
        const whole = merged(kernel, a, b, c);
        expect(merged(kernel, ab, c)).toBe(whole);
        expect(merged(kernel, a, bc)).toBe(whole);
      }),
    );
  });

  it('has no rows as its identity', () => {
    fc.assert(
      fc.property(counts, (a) => {
        expect(merged(kernel, [], a, [])).toBe(merged(kernel, a));
      }),
    );
  });

  it('writes what JSON.parse reads as the naive sum', () => {
    fc.assert(
      fc.property(fc.array(counts, { maxLength: 4 }), (parts) => {
        const merger = merge(kernel, parts);
        const sums = addNaively(parts);
        const parsed = JSON.parse(textOf(merger)) as Record<string, number>;
        expect(new Map(Object.entries(parsed))).toEqual(sums);
        expect(merger.unique).toBe(sums.size);
        expect(merger.total).toBe([...sums.values()].reduce((sum, count) => sum + count, 0));
        merger.close();
      }),
      { numRuns: 500 },
    );
  });

  it('writes one URL a line, sorted by UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.array(counts, { maxLength: 4 }), (parts) => {
        const lines = merged(kernel, ...parts).split('\n');
        const entries = lines.slice(1, -2).map((line, index, all) => {
          expect(line.endsWith(',')).toBe(index < all.length - 1);
          return Object.entries(JSON.parse(`{${line.replace(/,$/, '')}}`) as Record<string, number>);
        });
        const expected = [...addNaively(parts)].sort(([a], [b]) =>
          compareBytes(encodeWtf8(a), encodeWtf8(b)),
        );
        expect(entries).toEqual(expected.map((entry) => [entry]));
        if (expected.length > 0) expect([lines[0], lines.at(-2), lines.at(-1)]).toEqual(['{', '}', '']);
      }),
      { numRuns: 500 },
    );
  });

  it('ranks by count, then by UTF-8 bytes, for any limit', () => {
    fc.assert(
      fc.property(fc.array(counts, { maxLength: 4 }), fc.nat({ max: 40 }), (parts, limit) => {
        const ranked = [...addNaively(parts)]
          .map(([name, count]) => ({ url: name, count }))
          .sort(compareRank);
        const merger = merge(kernel, parts, { topCount: limit });
        textOf(merger);
        expect(merger.top).toEqual(ranked.slice(0, limit));
        merger.close();
      }),
      { numRuns: 500 },
    );
  });
});
