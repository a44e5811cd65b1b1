import { TASK_STAGES, type TaskStage, type TimelineRow } from '@mapreduce/shared-utils';

/** As people call them. */
export const STAGE_NAMES: Readonly<Record<TaskStage, string>> = {
  Plan: 'Plan',
  MapSplit: 'Map',
  Group: 'Group',
  ReducePartition: 'Reduce',
  Commit: 'Commit',
};

/** What the number of a task counts. */
export const TASK_NOUNS: Readonly<Record<TaskStage, string | null>> = {
  Plan: null,
  MapSplit: 'split',
  Group: 'group',
  ReducePartition: 'partition',
  Commit: null,
};

/** Fewer tasks than this have no usual duration. */
const MIN_TASKS_TO_COMPARE = 4;

/** A straggler takes this many times as long as is usual, and is worth looking at. */
const STRAGGLER_RATIO = 2;
const STRAGGLER_MIN_MS = 50;

export interface StageSummary {
  readonly stage: TaskStage;
  readonly attempts: number;
  readonly retries: number;
  readonly failures: number;
  readonly spills: number;
  readonly spilledBytes: number;
  readonly bytesRead: number;
  readonly startedMs: number;
  readonly endedMs: number;
  readonly busyMs: number;
  /** Of the rows, each with the mean of its attempts. */
  readonly medianMs: number;
  readonly longestMs: number;
  readonly stragglers: ReadonlySet<TimelineRow>;
}

/** What each stage took, in the order of the stages; those that did not run are left out. */
export function summarizeStages(rows: readonly TimelineRow[]): StageSummary[] {
  const byStage = Map.groupBy(rows, ({ stage }) => stage);
  return TASK_STAGES.flatMap((stage) => {
    const ofStage = byStage.get(stage);
    return ofStage === undefined ? [] : [summarize(stage, ofStage)];
  });
}

function summarize(stage: TaskStage, rows: readonly TimelineRow[]): StageSummary {
  const sum = (field: keyof TimelineRow & NumberField) => rows.reduce((total, row) => total + row[field], 0);
  const medianMs = medianOf(rows.map(({ busyMs, attempts }) => busyMs / attempts));
  const attempts = sum('attempts');
  const isStraggler = ({ longestMs }: TimelineRow) =>
    attempts >= MIN_TASKS_TO_COMPARE &&
    longestMs > STRAGGLER_RATIO * medianMs &&
    longestMs - medianMs > STRAGGLER_MIN_MS;
  return {
    stage,
    attempts,
    retries: sum('retries'),
    failures: sum('failures'),
    spills: sum('spills'),
    spilledBytes: sum('spilledBytes'),
    bytesRead: sum('bytesRead'),
    busyMs: sum('busyMs'),
    startedMs: Math.min(...rows.map(({ startedMs }) => startedMs)),
    endedMs: Math.max(...rows.map(({ endedMs }) => endedMs)),
    medianMs,
    longestMs: Math.max(...rows.map(({ longestMs }) => longestMs)),
    stragglers: new Set(rows.filter(isStraggler)),
  };
}

type NumberField = {
  [Field in keyof TimelineRow]: TimelineRow[Field] extends number ? Field : never;
}[keyof TimelineRow];

function medianOf(numbers: readonly number[]): number {
  const inOrder = numbers.toSorted((a, b) => a - b);
  const middle = inOrder.length >> 1;
  const [below = 0, above = 0] = [inOrder[(inOrder.length - 1) >> 1], inOrder[middle]];
  return (below + above) / 2;
}
