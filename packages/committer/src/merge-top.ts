import {
  compareRank,
  type ReduceCommit,
  TOP_BYTES,
  TOP_COUNT,
  takeBytes,
  type UrlCount,
} from '@mapreduce/shared-utils';

/**
 * The top URLs of all partitions, by rank. Where a partition had to end its list early, for the length of its
 * URLs, whatever ranks behind the last it named might rank behind one it did not: the list ends there.
 */
export function mergeTop(reduced: readonly ReduceCommit[]): UrlCount[] {
  const top = reduced.flatMap((commit) => commit.top).sort(compareRank);
  const ends = reduced.filter(isCutShort).map((commit) => endOf(commit, top));
  const certain = top.slice(0, Math.min(TOP_COUNT, ...ends));
  return takeBytes(certain, TOP_BYTES, ({ url }) => Buffer.byteLength(url));
}

function isCutShort({ top, output }: ReduceCommit): boolean {
  return top.length < Math.min(TOP_COUNT, output.unique);
}

function endOf({ top: own }: ReduceCommit, top: readonly UrlCount[]): number {
  const last = own.at(-1);
  return last === undefined ? 0 : top.indexOf(last) + 1;
}
