import { CorruptRunError, encodeWtf8 } from '@mapreduce/shared-utils';
import { encodeRows } from '../src/rows';
import { kernels } from './count-lines';

const MAX_BYTES = 1_000_000;

const rowsOf = (...counts: (readonly [url: string, count: number])[]) =>
  encodeRows(counts.map(([url, count]) => ({ bytes: encodeWtf8(url), count })));

describe.each(kernels)('The merger of the $name kernel', (kernel) => {
  const mergerOf = (...counts: (readonly [url: string, count: number])[]) => {
    const merger = kernel.createMerger();
    merger.add(rowsOf(...counts));
    return merger;
  };
  const textOf = (...counts: (readonly [url: string, count: number])[]) =>
    Buffer.concat([...mergerOf(...counts).format()]).toString();

  it('writes an empty object where there is nothing', () => {
    const merger = kernel.createMerger();
    expect(JSON.parse(textOf())).toEqual({});
    expect([merger.unique, merger.total, merger.top(3, MAX_BYTES)]).toEqual([0, 0, []]);
  });

  it('writes these very bytes', () => {
    expect(textOf(['b', 2], ['a"\\\n', 1], ['é', 3])).toBe('{\n"a\\"\\\\\\n":1,\n"b":2,\n"é":3\n}\n');
  });

  it('E03 writes lone surrogates as escapes, between U+D7FF and U+E000', () => {
    expect(textOf(['\ue000', 1], ['\udc00', 1], ['\ud800', 1], ['\ud7ff', 1], ['\ufffd', 1])).toBe(
      '{\n"\ud7ff":1,\n"\\ud800":1,\n"\\udc00":1,\n"\ue000":1,\n"\ufffd":1\n}\n',
    );
  });

  it('K06 writes __proto__ as a field of its own', () => {
    const parsed: object = JSON.parse(textOf(['__proto__', 2], ['constructor', 1]));
    expect(Object.entries(parsed)).toEqual([
      ['__proto__', 2],
      ['constructor', 1],
    ]);
  });

  it('K08 does not put URLs that look like numbers first', () => {
    const text = textOf(['2', 1], ['10', 1], ['1', 1], ['-0', 1], ['!', 1]);
    expect(text.match(/(?<=^")[^"]+/gm)).toEqual(['!', '-0', '1', '10', '2']);
  });

  it('C69 ranks equal counts by UTF-8 bytes, which is not the order of UTF-16', () => {
    const merger = mergerOf(['😀', 1], ['\uffff', 1], ['z', 2], ['a', 1], ['', 1]);
    expect(merger.top(4, MAX_BYTES).map(({ url }) => url)).toEqual(['z', '', 'a', '\uffff']);
    expect(merger.top(9, MAX_BYTES).map(({ url }) => url)).toEqual(['z', '', 'a', '\uffff', '😀']);
  });

  it('H01 keeps apart URLs with equal hashes', () => {
    const pairs = ['declinate', 'macallums', 'plumless', 'buckeroo', 'Aa', 'BB'];
    const merger = mergerOf(...pairs.map((url, index) => [url, index + 1] as const));
    expect(merger.unique).toBe(6);
    expect(merger.top(6, MAX_BYTES).map(({ url }) => url)).toEqual(pairs.toReversed());
  });

  it('C49 counts to 2^53-1, and refuses a total past it', () => {
    const merger = mergerOf(['a', Number.MAX_SAFE_INTEGER - 1]);
    merger.add(rowsOf(['b', 1]));
    expect(merger.total).toBe(Number.MAX_SAFE_INTEGER);
    expect(() => merger.add(rowsOf(['c', 1]))).toThrow(CorruptRunError);
  });

  it('C49 refuses a total past it within one segment, for one URL or several', () => {
    const most = Number.MAX_SAFE_INTEGER;
    for (const url of ['a', 'b']) {
      expect(() => mergerOf(['a', most], [url, 1])).toThrow(CorruptRunError);
      expect(() => mergerOf(['a', most], [url, most], ['c', most])).toThrow(/2\^53-1/);
    }
  });

  it('C50 refuses rows that are cut short', () => {
    const rows = rowsOf(['a', 1]);
    expect(() => kernel.createMerger().add(rows.subarray(0, rows.length - 1))).toThrow(CorruptRunError);
  });

  it('keeps nothing of the rows it was given', () => {
    const merger = kernel.createMerger();
    const rows = rowsOf(['a', 1], ['b', 2]);
    merger.add(rows);
    rows.fill(0xff);
    expect(merger.top(2, MAX_BYTES)).toEqual([
      { url: 'b', count: 2 },
      { url: 'a', count: 1 },
    ]);
  });

  it('writes a large partition in pieces of bounded size', () => {
    const urls = Array.from(
      { length: 40_000 },
      (_, index) => `https://example.com/${'x'.repeat(60)}/${index}`,
    );
    const merger = mergerOf(...urls.map((url) => [url, 1] as const));
    const pieces = [...merger.format()];
    expect(pieces.length).toBeGreaterThan(2);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(2 * 1024 * 1024);
    const lines = urls.toSorted().map((url) => `${JSON.stringify(url)}:1`);
    expect(Buffer.concat(pieces).equals(Buffer.from(`{\n${lines.join(',\n')}\n}\n`))).toBe(true);
  });

  it('lists fewer top URLs where they are too long', () => {
    const merger = kernel.createMerger();
    merger.add(
      encodeRows([
        { bytes: Buffer.from('a'.repeat(10)), count: 3 },
        { bytes: Buffer.from('b'.repeat(10)), count: 2 },
        { bytes: Buffer.from('c'), count: 1 },
      ]),
    );
    expect(merger.top(3, 21)).toHaveLength(3);
    expect(merger.top(3, 20)).toHaveLength(2);
    expect(merger.top(3, 19)).toHaveLength(1);
    expect(merger.top(3, 9)).toEqual([]);
  });
});
