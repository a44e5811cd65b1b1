import * as fc from 'fast-check';
import { wasmKernel } from '../src';
import { encodeRows } from '../src/rows';
import { createMerger, textOf } from './count-lines';

/** The keys as Latin-1, in the order of the output: every byte becomes a code unit, so that JSON keeps it. */
function sorted(keys: readonly Uint8Array[]): string[] {
  const merger = createMerger(wasmKernel);
  merger.add(encodeRows(keys.map((bytes) => ({ bytes, count: 1 }))));
  const lines = textOf(merger).split('\n').slice(1, -2);
  merger.close();
  return lines.map((line) => Object.keys(JSON.parse(`{${line.replace(/,$/, '')}}`) as object)[0] as string);
}

const expected = (keys: readonly Uint8Array[]) =>
  [...new Set(keys.map((key) => Buffer.from(key).toString('latin1')))].sort();

/** Few values and long common starts, as URLs have them; ASCII, so that bytes are characters. */
const key = fc
  .tuple(fc.nat({ max: 40 }), fc.array(fc.constantFrom(0, 1, 0x61, 0x62, 0x7f), { maxLength: 20 }))
  .map(([shared, rest]) => Uint8Array.from([...Array(shared).fill(0x61), ...rest]));

describe('the order of the WebAssembly kernel', () => {
  it('is that of bytes for any number of keys', () => {
    fc.assert(
      fc.property(fc.array(key, { maxLength: 1500, size: 'max' }), (keys) => {
        expect(sorted(keys)).toEqual(expected(keys));
      }),
      { numRuns: 50 },
    );
  });

  const count = 20_000;
  const numbers = Array.from({ length: count }, (_, index) => index);
  it.each<[string, (index: number) => string]>([
    ['ascending', (n) => String(n).padStart(9, '0')],
    ['descending', (n) => String(count - n).padStart(9, '0')],
    ['each the start of the next', (n) => 'a'.repeat(n % 3000)],
    ['equal but for NULs at the end', (n) => `a${'\0'.repeat(n % 3000)}`],
    ['different at every depth', (n) => `${'a'.repeat(n % 1000)}b${n}`],
    [
      'different in one bit',
      (n) => `https://www.shop.example/${'x'.repeat(100)}${n.toString(2).padStart(15, '0')}`,
    ],
    ['one far from all others', (n) => (n === 7 ? '\x01' : `https://www.shop.example/${n}`)],
  ])('holds for keys that are %s', (_, make) => {
    const keys = numbers.map((n) => Buffer.from(make(n), 'latin1'));
    expect(sorted(keys)).toEqual(expected(keys));
  });
});
