import { FORMAT_VERSION, type ReduceCommit, type UrlCount } from '@mapreduce/shared-utils';
import { mergeTop } from '../src/merge-top';

function reduced(unique: number, top: UrlCount[]): ReduceCommit {
  const output = { bucket: 0, outputBucket: 'o', outputKey: 'k', unique, total: 0, sha256: 'ab'.repeat(32) };
  return { version: FORMAT_VERSION, runId: 'r', partition: 0, attempt: 'a', fingerprint: 'f', output, top };
}

const entries = (...pairs: [string, number][]) => pairs.map(([url, count]) => ({ url, count }));

describe('the merged list of top URLs', () => {
  it('is ordered by count, then by bytes, over all partitions', () => {
    const lists = [reduced(2, entries(['b', 3], ['c', 1])), reduced(2, entries(['a', 3], ['d', 2]))];
    expect(mergeTop(lists).map(({ url }) => url)).toEqual(['a', 'b', 'd', 'c']);
  });

  it('has a hundred entries at the most', () => {
    const many = (prefix: string) =>
      entries(...Array.from({ length: 100 }, (_, n): [string, number] => [`${prefix}${100 + n}`, 1]));
    expect(mergeTop([reduced(500, many('a')), reduced(500, many('b'))]).map(({ url }) => url)).toEqual(
      many('a').map(({ url }) => url),
    );
  });

  it('ends where a partition ended its list early', () => {
    const cut = reduced(50, entries(['x', 9], ['y', 5]));
    expect(mergeTop([cut, reduced(2, entries(['a', 7], ['b', 4]))]).map(({ url }) => url)).toEqual([
      'x',
      'a',
      'y',
    ]);
    expect(mergeTop([reduced(1, []), reduced(1, entries(['a', 7]))])).toEqual([]);
  });

  it('holds a mebibyte of URLs at the most', () => {
    const long = (letter: string): [string, number] => [letter.repeat(600_000), 1];
    expect(mergeTop([reduced(2, entries(long('a'), long('b')))])).toHaveLength(1);
  });
});
