import { randomUUID } from 'node:crypto';
import { createDirectoryStore, type Log, type StageConfig } from '@mapreduce/shared-utils';
import { workerData } from 'piscina';
import { createHandlerByState, type TaskState } from './stages';

/** What every worker of a pool is started with. */
export interface StageWorkerData {
  readonly config: StageConfig;
  /** Bucket name to directory. */
  readonly roots: ReadonlyMap<string, string>;
  /** One 64-bit cell: input bytes read by all workers. */
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

const { config, roots, bytesRead } = workerData as StageWorkerData;

const ignore = () => undefined;
const silent: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

const deps = {
  store: createDirectoryStore(roots),
  config,
  log: silent,
  now: () => new Date(),
  newAttemptId: randomUUID,
  onBytesRead: (bytes: number) => void Atomics.add(bytesRead, 0, BigInt(bytes)),
};

export async function runStage({ state, event }: StageTask): Promise<StageOutcome> {
  try {
    return { kind: 'done', result: await createHandlerByState[state](deps)(event) };
  } catch (error) {
    const { name, message, stack = '' } = error instanceof Error ? error : new Error(String(error));
    return { kind: 'failed', name, message, stack };
  }
}
