import { ExpressLimitError, type InputSplit } from '@mapreduce/shared-utils';

/** Inline Maps run this many iterations at a time. */
const CONCURRENT_TASKS = 40;

/** The list of splits and the Map's list of results must each fit 256 KiB; 20 bytes an item leave room. */
const MAX_SPLITS = 10_000;

/** Express ends at 300 s; the rest is for reduce, commit and whatever runs slower than thought. */
const MAX_MAP_SECONDS = 200;

/** Starting, planning and committing one split. */
const SECONDS_PER_SPLIT = 0.5;

/** What one function is sure to read and count; about 69 MB/s is the most S3 gives it. */
const BYTES_PER_SECOND = 50_000_000;

/** @throws ExpressLimitError when a synchronous execution could not hold the splits or finish them in time */
export function requireExpressFits(splits: readonly InputSplit[]): void {
  if (splits.length > MAX_SPLITS) {
    throw new ExpressLimitError(
      `plan: expected at most ${MAX_SPLITS} splits for an Express execution, got ${splits.length}; raise SPLIT_BYTES or start several executions with fewer inputs each`,
    );
  }
  const seconds = Math.ceil(estimateMapSeconds(splits));
  if (seconds > MAX_MAP_SECONDS) {
    throw new ExpressLimitError(
      `plan: expected at most ${MAX_MAP_SECONDS} s of mapping in an Express execution, got about ${seconds} s; start several executions with fewer inputs each`,
    );
  }
}

/** The busiest of the 40 lanes: no shorter than the longest split, nor than an even share of the whole. */
function estimateMapSeconds(splits: readonly InputSplit[]): number {
  const seconds = splits.map(
    ({ ranges }) =>
      SECONDS_PER_SPLIT + ranges.reduce((sum, { start, end }) => sum + (end - start), 0) / BYTES_PER_SECOND,
  );
  const total = seconds.reduce((sum, each) => sum + each, 0);
  const longest = seconds.reduce((most, each) => Math.max(most, each), 0);
  return Math.max(longest, total / CONCURRENT_TASKS);
}
