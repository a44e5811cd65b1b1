import { type InputSplit, PlanLimitError, type PlannerEvent } from '@mapreduce/shared-utils';

type Machine = PlannerEvent['machine'];

/** Inline Maps run this many iterations at a time. */
const CONCURRENT_TASKS = 40;

/** The list of splits and the Map's list of results must each fit 256 KiB; 20 bytes an item leave room. */
const MAX_EXPRESS_SPLITS = 10_000;

/** Express ends at 300 s; the rest is for reduce, commit and whatever runs slower than thought. */
const MAX_EXPRESS_SECONDS = 200;

/** Starting, planning and committing one split. */
const SECONDS_PER_SPLIT = 0.5;

/** What one function is sure to read and count; about 69 MB/s is the most S3 gives it. */
const BYTES_PER_SECOND = 50_000_000;

/** The batch machine's mappers end at 280 s, before the Express execution around each of them. */
const MAX_BATCH_SPLIT_BYTES = 240 * BYTES_PER_SECOND;

/** A reducer asks for a piece of every split, a thousand a second or so, and has 280 s. */
const MAX_BATCH_SPLITS = 100_000;

/** What one grouping task holds in memory: the commit records of these. */
const SPLITS_PER_GROUP = 1000;

/** `SPLIT_BYTES`, or more where the batch machine would otherwise get more splits than do it good. */
export function chooseSplitBytes(machine: Machine, splitBytes: number, totalBytes: number): number {
  return machine === 'batch' ? Math.max(splitBytes, Math.ceil(totalBytes / MAX_BATCH_SPLITS)) : splitBytes;
}

/** Only the batch machine groups by more than one task. */
export function countGroups(machine: Machine, splitCount: number): number {
  return machine === 'batch' ? Math.max(1, Math.ceil(splitCount / SPLITS_PER_GROUP)) : 1;
}

/** @throws PlanLimitError when the state machine could not hold the splits or finish them in time */
export function requireFits(machine: Machine, splits: readonly InputSplit[]): void {
  if (machine === 'express') requireExpressFits(splits);
  if (machine === 'batch') requireBatchFits(splits);
}

function requireExpressFits(splits: readonly InputSplit[]): void {
  if (splits.length > MAX_EXPRESS_SPLITS) {
    throw new PlanLimitError(
      `plan: expected at most ${MAX_EXPRESS_SPLITS} splits for an Express execution, got ${splits.length}; start the batch state machine, or raise SPLIT_BYTES`,
    );
  }
  const seconds = Math.ceil(estimateMapSeconds(splits));
  if (seconds > MAX_EXPRESS_SECONDS) {
    throw new PlanLimitError(
      `plan: expected at most ${MAX_EXPRESS_SECONDS} s of mapping in an Express execution, got about ${seconds} s; start the batch state machine`,
    );
  }
}

/** The busiest of the 40 lanes: no shorter than the longest split, nor than an even share of the whole. */
function estimateMapSeconds(splits: readonly InputSplit[]): number {
  const seconds = splits.map((split) => SECONDS_PER_SPLIT + sizeOf(split) / BYTES_PER_SECOND);
  const total = seconds.reduce((sum, each) => sum + each, 0);
  const longest = seconds.reduce((most, each) => Math.max(most, each), 0);
  return Math.max(longest, total / CONCURRENT_TASKS);
}

function requireBatchFits(splits: readonly InputSplit[]): void {
  const tooLarge = splits.find((split) => sizeOf(split) > MAX_BATCH_SPLIT_BYTES);
  const [first] = tooLarge?.ranges ?? [];
  if (tooLarge === undefined || first === undefined) return;
  const advice =
    first.compression === 'none'
      ? 'start several executions with fewer inputs each'
      : 'a compressed object cannot be cut: write it as several';
  throw new PlanLimitError(
    `plan: expected at most ${MAX_BATCH_SPLIT_BYTES} bytes for one mapper, got ${sizeOf(tooLarge)} in ${first.bucket}/${first.key}; ${advice}`,
  );
}

function sizeOf({ ranges }: InputSplit): number {
  return ranges.reduce((sum, { start, end }) => sum + (end - start), 0);
}
