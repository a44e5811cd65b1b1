import type { Manifest } from '@mapreduce/shared-utils';
import { findLocalInputs, type LocalInputs } from './local-inputs';
import type { RunWatch } from './run-watch';
import { ThreadLane } from './thread-lane';

const MIB = 1024 * 1024;

/** Less than this is counted before another thread has started. */
const MIN_BYTES_PER_THREAD = 16 * MIB;

export interface LocalRunOptions {
  readonly inputs: readonly string[];
  readonly out: string;
  readonly overwrite: boolean;
  readonly workers: number;
  readonly numBuckets: number;
  readonly urlField: string;
  readonly maxLineBytes: number;
  readonly tableBytes: number;
  readonly engine?: 'wasm' | 'reference';
  /** Chosen by the size of the input where absent. */
  readonly splitBytes?: number;
  readonly maxDecompressedBytes?: number;
  readonly maxBadRecords?: number;
  readonly maxBadRatio?: number;
  readonly signal: AbortSignal;
  readonly onStart?: (totalBytes: number, bytesRead: () => number, engine: 'wasm' | 'reference') => void;
  /** Told how the run goes on, for a page about it. */
  readonly watch?: RunWatch;
}

/** Runs the pipeline over local files into a directory. @throws whatever a stage throws */
export async function runLocally(options: LocalRunOptions): Promise<Manifest> {
  const inputs = await findLocalInputs(options.inputs);
  // The threads start first, and meanwhile what this one needs is loaded.
  const threads = startThreads(inputs, options.workers);
  try {
    const { executeLocally } = await import('./execute-locally');
    return await executeLocally(options, inputs, threads);
  } finally {
    await Promise.all(threads.map((thread) => thread.close()));
  }
}

/** This thread is the first of the workers. */
function startThreads({ totalBytes }: LocalInputs, workers: number): ThreadLane[] {
  const count = Math.min(workers - 1, Math.floor(totalBytes / MIN_BYTES_PER_THREAD));
  return Array.from({ length: count }, () => new ThreadLane());
}
