import { condenseRows, MAX_TIMELINE_ROWS, type Timeline, type TimelineRow } from '@mapreduce/shared-utils';
import { ByteRate } from './byte-rate';
import type { StageOutcome, StageTask } from './stage-task';
import { sharedClockMs } from './task-meter';

/** An attempt that has begun, on the worker that it was given to. */
export interface Attempt {
  readonly stage: StageTask['state'];
  readonly number: number;
  readonly worker: number;
  readonly isRetry: boolean;
  /** From the start of the run; a task that was handed out ahead of time begins later. */
  readonly givenMs: number;
}

const NUMBER_FIELDS = ['split', 'group', 'partition'] as const;

/** Notes what every attempt at a task took, in memory that does not grow with their number. */
export class RunRecorder {
  readonly #originMs: number;
  readonly #seen = new Set<string>();
  readonly #running = new Set<Attempt>();
  readonly #throughput = new ByteRate();
  #rows: TimelineRow[] = [];

  /** `originMs` is when the run began, on the clock that all threads share. */
  constructor(originMs: number = performance.timeOrigin) {
    this.#originMs = originMs;
  }

  get startedAt(): string {
    return new Date(this.#originMs).toISOString();
  }

  get elapsedMs(): number {
    return sharedClockMs() - this.#originMs;
  }

  get running(): Iterable<Attempt> {
    return this.#running;
  }

  begin({ state, event }: StageTask, worker: number): Attempt {
    const number = numberOf(event);
    const task = `${state} ${number}`;
    const attempt = {
      stage: state,
      number,
      worker,
      isRetry: this.#seen.has(task),
      givenMs: this.elapsedMs,
    };
    this.#seen.add(task);
    this.#running.add(attempt);
    return attempt;
  }

  /** Without an outcome, the thread was lost. */
  end(attempt: Attempt, outcome: StageOutcome | null): void {
    this.#running.delete(attempt);
    const measured = outcome?.measured;
    const startedMs = measured ? measured.startedMs - this.#originMs : attempt.givenMs;
    const endedMs = measured ? measured.endedMs - this.#originMs : this.elapsedMs;
    this.#rows.push({
      stage: attempt.stage,
      number: attempt.number,
      attempts: 1,
      retries: Number(attempt.isRetry),
      failures: Number(outcome?.kind !== 'done'),
      worker: attempt.worker,
      startedMs,
      endedMs,
      busyMs: endedMs - startedMs,
      longestMs: endedMs - startedMs,
      bytesRead: measured?.bytesRead ?? 0,
      spills: measured?.spills ?? 0,
      spilledBytes: measured?.spilledBytes ?? 0,
    });
    if (measured) this.#throughput.addBins(measured.reads, startedMs);
    if (this.#rows.length > 2 * MAX_TIMELINE_ROWS) this.#rows = condenseRows(this.#rows, MAX_TIMELINE_ROWS);
  }

  /** Of all attempts that have ended. */
  timeline(): Pick<Timeline, 'startedAt' | 'elapsedMs' | 'rows' | 'throughput'> {
    const { binMs, bytes } = this.#throughput;
    const rounded = bytes.map((inBin) => Math.round(inBin));
    return {
      startedAt: this.startedAt,
      elapsedMs: roundMs(this.elapsedMs),
      rows: condenseRows(this.#rows, MAX_TIMELINE_ROWS).map(roundRow),
      throughput: { binMs, bytes: rounded },
    };
  }
}

function numberOf(event: unknown): number {
  const fields = event as Partial<Record<string, unknown>>;
  const found = NUMBER_FIELDS.map((name) => fields[name]).find((value) => typeof value === 'number');
  return found ?? 0;
}

function roundRow(row: TimelineRow): TimelineRow {
  const { startedMs, endedMs, busyMs, longestMs } = row;
  return {
    ...row,
    startedMs: roundMs(startedMs),
    endedMs: roundMs(endedMs),
    busyMs: roundMs(busyMs),
    longestMs: roundMs(longestMs),
  };
}

function roundMs(ms: number): number {
  return Math.max(0, Math.round(ms * 100) / 100);
}
