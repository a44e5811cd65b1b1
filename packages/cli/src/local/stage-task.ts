import { randomUUID } from 'node:crypto';
import {
  createDirectoryScratch,
  createDirectoryStore,
  type Log,
  type StageConfig,
} from '@mapreduce/shared-utils';
import { createHandlerByState, type TaskState } from './stages';

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
export type StageOutcome =
  | { readonly kind: 'done'; readonly result: unknown }
  | { readonly kind: 'failed'; readonly name: string; readonly message: string; readonly stack: string };

const ignore = () => undefined;
const silent: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** The handlers over the directories of the setup; `onRead` may throw, to end a task. */
export function createTaskRunner(
  { config, roots, scratch, bytesRead }: StageSetup,
  onRead: () => void = ignore,
): (task: StageTask) => Promise<StageOutcome> {
  const deps = {
    store: createDirectoryStore(roots),
    scratch: createDirectoryScratch(scratch, 'free some space, or choose another --out'),
    config,
    log: silent,
    now: () => new Date(),
    newAttemptId: randomUUID,
    onBytesRead: (bytes: number) => {
      Atomics.add(bytesRead, 0, BigInt(bytes));
      onRead();
    },
  };
  return async ({ state, event }) => {
    try {
      return { kind: 'done', result: await createHandlerByState[state](deps)(event) };
    } catch (error) {
      const { name, message, stack = '' } = error instanceof Error ? error : new Error(String(error));
      return { kind: 'failed', name, message, stack };
    }
  };
}
