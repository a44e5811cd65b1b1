import { CorruptRunError, encodeWtf8 } from '@mapreduce/shared-utils';
import { MAX_MERGED_RUNS } from '../src';
import { encodeRows } from '../src/rows';
import { createMerger, kernels, textOf } from './count-lines';
import { collect, readerOf, takeRun } from './runs';

const rowsOf = (...counts: (readonly [url: string, count: number])[]) =>
  encodeRows(counts.map(([url, count]) => ({ bytes: encodeWtf8(url), count })));

describe.each(kernels)('Sorted runs of the $name kernel', (kernel) => {
  const runOf = (...counts: (readonly [url: string, count: number])[]) => {
    const merger = createMerger(kernel);
    merger.add(rowsOf(...counts));
    return takeRun(merger);
  };

  it('are asked for when the table is over its budget, and empty it', () => {
    const merger = createMerger(kernel, { tableBytes: 10_000 });
    const urls = Array.from({ length: 1000 }, (_, index) => `https://www.shop.example/${index}`);
    let added = 0;
    while (!merger.isFull) merger.add(rowsOf([urls[added++] as string, 1]));
    expect(added).toBeGreaterThan(50);
    expect(added).toBeLessThan(300);
    expect(takeRun(merger)).toEqual(
      Buffer.from(runOf(...urls.slice(0, added).map((url) => [url, 1] as const))),
    );
    expect([merger.isFull, merger.unique, merger.total]).toEqual([false, 0, added]);
    merger.add(rowsOf(['a', 1]));
    expect(takeRun(merger)).toEqual(Buffer.from(rowsOf(['a', 1])));
  });

  it('are rows in the order of bytes', () => {
    expect(runOf(['b', 1], ['\ud800', 2], ['a', 70_000], ['', 3])).toEqual(
      Buffer.from(rowsOf(['', 3], ['a', 70_000], ['b', 1], ['\ud800', 2])),
    );
  });

  it('count a URL that is in all of them, to 2^53-1', async () => {
    const merger = createMerger(kernel);
    const most = Number.MAX_SAFE_INTEGER;
    const counts = [...Array(MAX_MERGED_RUNS - 1).fill(2 ** 48), most - (MAX_MERGED_RUNS - 1) * 2 ** 48];
    const runs = counts.map((count) => {
      merger.add(rowsOf(['a', count]));
      return takeRun(merger);
    });
    const text = await collect(merger.formatRuns(runs.map((run) => readerOf(run))));
    expect(text.toString()).toBe(`{\n"a":${most}\n}\n`);
    expect([merger.unique, merger.total, merger.top]).toEqual([1, most, [{ url: 'a', count: most }]]);
  });

  it('may hold URLs longer than any buffer', async () => {
    const long = ['x'.repeat(3_000_000), `${'x'.repeat(3_000_000)}y`, 'z'.repeat(300_000), 'short'];
    const merger = createMerger(kernel, { topBytes: 10_000_000 });
    const runs = long.map((url) => {
      merger.add(rowsOf([url, 1], ['x'.repeat(3_000_000), 1]));
      return takeRun(merger);
    });
    const text = await collect(merger.formatRuns(runs.map((run) => readerOf(run, 100_000))));
    expect(JSON.parse(text.toString())).toEqual({
      [long[0] as string]: 5,
      [long[1] as string]: 1,
      [long[2] as string]: 1,
      short: 1,
    });
    expect(merger.top[0]).toEqual({ url: long[0], count: 5 });
  });

  it('come out in pieces of bounded size', async () => {
    const merger = createMerger(kernel, { tableBytes: 2 ** 30 });
    const urls = Array.from({ length: 40_000 }, (_, n) => `https://example.com/${'x'.repeat(60)}/${n}`);
    const runs = [0, 1, 2].map((run) => {
      merger.add(rowsOf(...urls.filter((_, n) => n % 3 >= run).map((url) => [url, 1] as const)));
      return takeRun(merger);
    });
    const sizes: number[] = [];
    let text = '';
    for await (const piece of merger.formatRuns(runs.map((run) => readerOf(run)))) {
      sizes.push(piece.length);
      text += Buffer.from(piece).toString();
    }
    expect(Math.max(...sizes)).toBeLessThan(2 * 1024 * 1024);
    const lines = urls.map((url, n) => `${JSON.stringify(url)}:${(n % 3) + 1}`).sort();
    expect(text).toBe(`{\n${lines.join(',\n')}\n}\n`);
  });

  it('give an empty object where there are none', async () => {
    const merger = createMerger(kernel);
    expect((await collect(merger.formatRuns([]))).toString()).toBe('{\n}\n');
    expect([merger.unique, merger.top]).toEqual([0, []]);
  });

  it('are refused when one ends within a row', async () => {
    const run = runOf(['a', 1], ['b', 1]);
    for (let length = 1; length < run.length; length++) {
      if (length === run.length / 2) continue;
      const merger = createMerger(kernel);
      const reader = readerOf(run.subarray(0, length));
      await expect(collect(merger.formatRuns([reader]))).rejects.toThrow(CorruptRunError);
    }
  });

  it('are refused when their counts do not sum to what was added', async () => {
    const merger = createMerger(kernel);
    merger.add(rowsOf(['a', 2]));
    takeRun(merger);
    await expect(collect(merger.formatRuns([readerOf(runOf(['a', 1]))]))).rejects.toThrow(
      /^sorted runs: expected a total of 2, got 1/,
    );
  });

  it('fail as the reading of one fails', async () => {
    const merger = createMerger(kernel);
    const error = new Error('the disk is gone');
    const failing = () => Promise.reject(error);
    await expect(collect(merger.formatRuns([readerOf(runOf(['a', 1])), failing]))).rejects.toBe(error);
  });

  it('leave nothing to the next merger of the thread', async () => {
    const first = createMerger(kernel);
    first.add(rowsOf(['a', 1], ['b', 2]));
    const run = takeRun(first);
    await collect(first.formatRuns([readerOf(run)]));
    first.close();
    const second = createMerger(kernel);
    second.add(rowsOf(['c', 3]));
    expect([second.unique, second.total]).toEqual([1, 3]);
    expect(textOf(second)).toBe('{\n"c":3\n}\n');
    expect(second.top).toEqual([{ url: 'c', count: 3 }]);
  });
});
