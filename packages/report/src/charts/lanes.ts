import type { TimelineRow } from '@mapreduce/shared-utils';
import type { RunningTask } from '../report';

/** Where a row is drawn: one line a worker, more where it does several tasks at a time. */
export interface Lane<Row> {
  readonly worker: number;
  readonly rows: readonly Row[];
}

type Placed = TimelineRow | RunningTask;

/** Puts every row on the first line of its worker on which it overlaps nothing; the lines by worker. */
export function toLanes<Row extends Placed>(rows: readonly Row[], untilMs: number): Lane<Row>[] {
  const lanes: { worker: number; rows: Row[]; freeAtMs: number }[] = [];
  for (const row of rows.toSorted((a, b) => a.startedMs - b.startedMs)) {
    const free = lanes.find(({ worker, freeAtMs }) => worker === row.worker && freeAtMs <= row.startedMs);
    const lane = free ?? { worker: row.worker, rows: [], freeAtMs: 0 };
    if (free === undefined) lanes.push(lane);
    lane.rows.push(row);
    lane.freeAtMs = endOf(row, untilMs);
  }
  return lanes.sort((a, b) => a.worker - b.worker);
}

/** A running task goes on until now. */
export function endOf(row: Placed, untilMs: number): number {
  return 'endedMs' in row ? row.endedMs : untilMs;
}
