import type { Log, ObjectStore, StageDeps } from '@mapreduce/shared-utils';
import { temporaryScratch } from '@mapreduce/shared-utils/testing';
import type { Job } from './job';
import { executeExpress } from './machine';
import { createHandlerByState, type TaskState } from './stages';

/** One invocation of a function by the machine. */
export interface TaskAttempt {
  readonly state: TaskState;
  /** The task it is an attempt at: `MapSplit 3`. */
  readonly task: string;
  /** 0 for the first, 1 for the first retry. */
  readonly number: number;
  readonly event: unknown;
}

/** Runs the handler of an attempt in an environment of its own, over the store given. */
export type Perform = (store: ObjectStore, changes?: Partial<StageDeps>) => Promise<unknown>;

/** Stands between the machine and the handlers: decides what becomes of each attempt. */
export type Conduct = (attempt: TaskAttempt, perform: Perform) => Promise<unknown>;

export interface LoggedEvent {
  readonly level: keyof Log;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface RunReport {
  /** What the execution returned, or the error it failed with. */
  readonly end:
    | { readonly kind: 'succeeded'; readonly result: unknown }
    | { readonly kind: 'failed'; readonly error: Error };
  /** Attempts by task. */
  readonly attempts: ReadonlyMap<string, number>;
  readonly logged: readonly LoggedEvent[];
}

export interface RunOptions {
  readonly executionId?: string;
  /** Over that of the job. */
  readonly input?: object;
  readonly conduct: Conduct;
}

let attemptIds = 0;

/**
 * Executes a job with the deployed state machine and the real handlers. Returns when every attempt has come to
 * its end, also those that the machine no longer waits for.
 */
export async function executeJob(
  job: Job,
  { executionId = 'execution', input, conduct }: RunOptions,
): Promise<RunReport> {
  const attempts = new Map<string, number>();
  const logged: LoggedEvent[] = [];
  const running = new Set<Promise<unknown>>();
  const runTask = (state: TaskState, event: unknown) => {
    const task = taskOf(state, event);
    const number = attempts.get(task) ?? 0;
    attempts.set(task, number + 1);
    const perform: Perform = (store, changes = {}) =>
      createHandlerByState[state]({ ...createDeps(job, store, logged), ...changes })(event);
    const attempt = conduct({ state, task, number, event }, perform);
    running.add(attempt);
    const forget = () => void running.delete(attempt);
    attempt.then(forget, forget);
    return attempt;
  };
  const end = await executeExpress({ ...job.input, ...input }, executionId, runTask).then(
    (result): RunReport['end'] => ({ kind: 'succeeded', result }),
    (error: Error): RunReport['end'] => ({ kind: 'failed', error }),
  );
  while (running.size > 0) {
    await Promise.allSettled(running);
    // Where one failed, the machine still begins tasks that it had queued.
    await new Promise(setImmediate);
  }
  return { end, attempts, logged };
}

export function createDeps(job: Job, store: ObjectStore, logged: LoggedEvent[] = []): StageDeps {
  const log =
    (level: keyof Log) =>
    (message: string, fields: Record<string, unknown> = {}) =>
      void logged.push({ level, message, fields });
  return {
    store,
    scratch: temporaryScratch,
    config: job.config,
    log: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
    now: () => new Date(),
    newAttemptId: () => `attempt-${attemptIds++}`,
  };
}

function taskOf(state: TaskState, event: unknown): string {
  const { split, partition } = event as { split?: number; partition?: number };
  return [state, split ?? partition].filter((part) => part !== undefined).join(' ');
}
