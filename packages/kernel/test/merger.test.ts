import { CorruptRunError, encodeWtf8 } from '@mapreduce/shared-utils';
import type { CountMerger } from '../src';
import { encodeRows } from '../src/rows';
import { copies, createMerger, kernels, textOf as textOfMerger } from './count-lines';

const rowsOf = (...counts: (readonly [url: string, count: number])[]) =>
  encodeRows(counts.map(([url, count]) => ({ bytes: encodeWtf8(url), count })));

describe.each(kernels)('The merger of the $name kernel', (kernel) => {
  const mergerOf = (...counts: (readonly [url: string, count: number])[]) => {
    const merger = createMerger(kernel);
    merger.add(rowsOf(...counts));
    return merger;
  };
  const textOf = (...counts: (readonly [url: string, count: number])[]) => textOfMerger(mergerOf(...counts));
  const topOf = (merger: CountMerger) => {
    textOfMerger(merger);
    return merger.top;
  };

  it('writes an empty object where there is nothing', () => {
    const merger = createMerger(kernel);
    expect(JSON.parse(textOfMerger(merger))).toEqual({});
    expect([merger.unique, merger.total, merger.top]).toEqual([0, 0, []]);
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
    const rows = rowsOf(['😀', 1], ['\uffff', 1], ['z', 2], ['a', 1], ['', 1]);
    for (const topCount of [4, 9]) {
      const merger = createMerger(kernel, { topCount });
      merger.add(rows);
      const ranked = ['z', '', 'a', '\uffff', '😀'];
      expect(topOf(merger).map(({ url }) => url)).toEqual(ranked.slice(0, topCount));
    }
  });

  it('H01 keeps apart URLs with equal hashes', () => {
    const pairs = ['declinate', 'macallums', 'plumless', 'buckeroo', 'Aa', 'BB'];
    const merger = mergerOf(...pairs.map((url, index) => [url, index + 1] as const));
    expect(merger.unique).toBe(6);
    expect(topOf(merger).map(({ url }) => url)).toEqual(pairs.toReversed());
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
    for (const rows of [rowsOf(['a', 1]), rowsOf(['a', 1], ['b', 70_000])]) {
      for (let length = rows.length - 1; length > 5; length--) {
        const merger = createMerger(kernel);
        merger.add(rows.subarray(0, length));
        expect(() => merger.end()).toThrow(CorruptRunError);
      }
    }
  });

  it('C50 refuses rows that are none', () => {
    const noCount = Buffer.from(rowsOf(['a', 1]));
    noCount.writeUInt16LE(0, 2);
    expect(() => createMerger(kernel).add(noCount)).toThrow(CorruptRunError);
    const largeCount = Buffer.from(rowsOf(['a', 70_000]));
    largeCount.writeBigUInt64LE(2n ** 53n, 8);
    expect(() => createMerger(kernel).add(largeCount)).toThrow(CorruptRunError);
  });

  it('keeps nothing of the rows it was given', () => {
    const merger = createMerger(kernel);
    const rows = Buffer.from(rowsOf(['a', 1], ['b', 2]));
    const lent = Buffer.alloc(3);
    for (let at = 0; at < rows.length; at += lent.length) {
      rows.copy(lent, 0, at);
      merger.add(lent.subarray(0, rows.length - at));
      lent.fill(0xff);
    }
    merger.end();
    expect(topOf(merger)).toEqual([
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
    const pieces = [...copies(merger.format())];
    expect(pieces.length).toBeGreaterThan(2);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(2 * 1024 * 1024);
    const lines = urls.toSorted().map((url) => `${JSON.stringify(url)}:1`);
    expect(Buffer.concat(pieces).equals(Buffer.from(`{\n${lines.join(',\n')}\n}\n`))).toBe(true);
  });

  it.each([
    [21, 3],
    [20, 2],
    [19, 1],
    [9, 0],
  ])('lists, of top URLs of %i bytes together, %i', (topBytes, listed) => {
    const merger = createMerger(kernel, { topBytes });
    merger.add(rowsOf(['a'.repeat(10), 3], ['b'.repeat(10), 2], ['c', 1]));
    expect(topOf(merger)).toHaveLength(listed);
  });
});
