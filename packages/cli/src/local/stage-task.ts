import { randomUUID } from 'node:crypto';
import {
  createDirectoryScratch,
  createDirectoryStore,
  type Log,
  type StageConfig,
} from '@mapreduce/shared-utils';
import { createHandlerByState, type TaskState } from './stages';
import { type TaskMeasurement, TaskMeter } from './task-meter';

/** What every thread of a pool starts with. */
export interface StageSetup {
  readonly config: StageConfig;
  /** Bucket name to directory. */
  readonly roots: ReadonlyMap<string, string>;
  /** The directory for what one task cannot hold in memory. */
  readonly scratch: string;
  /** What a thread does at a time. */
  readonly tasksAtOnce: number;
  /** One 64-bit cell: input bytes read by all threads. */
  readonly bytesRead: BigInt64Array;
}

export interface StageTask {
  readonly state: TaskState;
  readonly event: unknown;
}

/** Structured cloning keeps only the standard names of errors, and the state machine matches by name. */
export type StageOutcome = { readonly measured: TaskMeasurement } & (
  | { readonly kind: 'done'; readonly result: unknown }
  | { readonly kind: 'failed'; readonly name: string; readonly message: string; readonly stack: string }
);

const ignore = () => undefined;
const silent: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** The handlers over the directories of the setup; `onRead` may throw, to end a task. */
export function createTaskRunner(
  { config, roots, scratch, bytesRead }: StageSetup,
  onRead: () => void = ignore,
): (task: StageTask) => Promise<StageOutcome> {
  const space = createDirectoryScratch(scratch, 'free some space, or choose another --out');
  const deps = {
    store: createDirectoryStore(roots),
    config,
    log: silent,
    now: () => new Date(),
    newAttemptId: randomUUID,
  };
  return async ({ state, event }) => {
    const meter = new TaskMeter();
    const onBytesRead = (bytes: number) => {
      Atomics.add(bytesRead, 0, BigInt(bytes));
      meter.onBytesRead(bytes);
      onRead();
    };
    const handler = createHandlerByState[state]({ ...deps, scratch: meter.watch(space), onBytesRead });
    try {
      const result = await handler(event);
      return { kind: 'done', result, measured: meter.measure() };
    } catch (error) {
      const { name, message, stack = '' } = error instanceof Error ? error : new Error(String(error));
      return { kind: 'failed', name, message, stack, measured: meter.measure() };
    }
  };
}
