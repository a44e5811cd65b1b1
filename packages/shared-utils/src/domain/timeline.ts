/**
 * When each task of a local run began and ended: a document beside the manifest that nothing depends on. A run
 * succeeds without it, and its times say nothing of the counts.
 */
import * as v from 'valibot';
import { documentParser } from './contracts';

export const TIMELINE_VERSION = 1;

/** The stages in the order of the state machine, by the names of their Task states. */
export const TASK_STAGES = ['Plan', 'MapSplit', 'Group', 'ReducePartition', 'Commit'] as const;
export type TaskStage = (typeof TASK_STAGES)[number];

/** More rows than this are merged: the document stays small, however many tasks there were. */
export const MAX_TIMELINE_ROWS = 1000;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const positive = v.pipe(count, v.minValue(1));
const text = v.pipe(v.string(), v.nonEmpty());
const ms = v.pipe(v.number(), v.finite(), v.minValue(0));

/** One attempt at one task; or neighbours of one stage on one worker, merged. */
const timelineRow = v.strictObject({
  stage: v.picklist(TASK_STAGES),
  /** Of the split, group or partition; of merged attempts that of the first. */
  number: count,
  /** How many attempts it stands for. */
  attempts: positive,
  /** Of these not the first at their task. */
  retries: count,
  failures: count,
  worker: count,
  /** From the start of the run. */
  startedMs: ms,
  endedMs: ms,
  /** All attempts together, and the longest of them. */
  busyMs: ms,
  longestMs: ms,
  /** Bytes of the input, as stored. */
  bytesRead: count,
  /** Sorted runs that did not fit in memory, and their bytes. */
  spills: count,
  spilledBytes: count,
});
export type TimelineRow = v.InferOutput<typeof timelineRow>;

const timeline = v.strictObject({
  version: v.literal(TIMELINE_VERSION),
  /** That of the manifest beside it. */
  runId: text,
  environment: v.strictObject({
    version: text,
    node: text,
    platform: text,
    engine: v.picklist(['wasm', 'reference']),
    workers: positive,
  }),
  startedAt: text,
  elapsedMs: ms,
  rows: v.pipe(v.array(timelineRow), v.maxLength(MAX_TIMELINE_ROWS)),
  /** Input bytes read in each of equally long pieces of time since the start. */
  throughput: v.strictObject({
    binMs: v.pipe(ms, v.minValue(1)),
    bytes: v.pipe(v.array(ms), v.maxLength(4096)),
  }),
});
export type Timeline = v.InferOutput<typeof timeline>;

export const parseTimeline = documentParser(timeline);

/**
 * At most `maxRows` rows of the same attempts: neighbours of one stage on one worker are merged, as many as it
 * takes. Numbers of attempts, failures, bytes and spills, their time and the longest, and the first begin and last end
 * of a stage on a worker stay what they were.
 */
export function condenseRows(rows: readonly TimelineRow[], maxRows: number): TimelineRow[] {
  let condensed = [...rows];
  while (condensed.length > maxRows) {
    const halved = mergePairs(condensed);
    if (halved.length === condensed.length) return halved;
    condensed = halved;
  }
  return condensed;
}

function mergePairs(rows: readonly TimelineRow[]): TimelineRow[] {
  const lanes = Map.groupBy(rows, ({ stage, worker }) => `${stage} ${worker}`);
  return [...lanes.values()].flatMap((lane) => {
    const inOrder = lane.toSorted((a, b) => a.startedMs - b.startedMs);
    const firsts = inOrder.filter((_, at) => at % 2 === 0);
    return firsts.map((row, at) => mergeRows(row, inOrder[2 * at + 1]));
  });
}

function mergeRows(a: TimelineRow, b: TimelineRow | undefined): TimelineRow {
  if (b === undefined) return a;
  return {
    ...a,
    attempts: a.attempts + b.attempts,
    retries: a.retries + b.retries,
    failures: a.failures + b.failures,
    startedMs: Math.min(a.startedMs, b.startedMs),
    endedMs: Math.max(a.endedMs, b.endedMs),
    busyMs: a.busyMs + b.busyMs,
    longestMs: Math.max(a.longestMs, b.longestMs),
    bytesRead: a.bytesRead + b.bytesRead,
    spills: a.spills + b.spills,
    spilledBytes: a.spilledBytes + b.spilledBytes,
  };
}
