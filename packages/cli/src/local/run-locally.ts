import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Manifest, parseManifest, type StageConfig } from '@mapreduce/shared-utils';
import { findLocalInputs, type LocalInputs } from './local-inputs';
import { OutputDirectory } from './output-directory';
import { StagePool } from './stage-pool';
import { executeExpress } from './state-machine';

const MIB = 1024 * 1024;

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
  readonly onStart?: (totalBytes: number, bytesRead: () => number) => void;
}

/** Runs the pipeline over local files into a directory. @throws whatever a stage throws */
export async function runLocally(options: LocalRunOptions): Promise<Manifest> {
  const inputs = await findLocalInputs(options.inputs);
  const output = await OutputDirectory.open(options.out, inputs, options.overwrite);
  try {
    await execute(options, inputs, output);
    options.signal.throwIfAborted();
    await output.publish();
  } finally {
    await output.close();
  }
  const manifest = path.join(output.path, 'manifest.json');
  return parseManifest(manifest, await readFile(manifest, 'utf8'));
}

async function execute(
  options: LocalRunOptions,
  inputs: LocalInputs,
  output: OutputDirectory,
): Promise<void> {
  const { workers, signal } = options;
  const totalBytes = inputs.files.reduce((sum, { size }) => sum + size, 0);
  const config = createConfig(options, output, totalBytes);
  const pool = new StagePool({ workers, config, roots: createRoots(config, inputs, output) });
  try {
    options.onStart?.(totalBytes, () => pool.bytesRead);
    await executeExpress(
      {
        input_files: inputs.files.map(({ directory, key }) => ({ bucket: directory, key })),
        output_prefix: '',
      },
      {
        executionId: `local:${randomUUID()}`,
        runTask: (state, payload) =>
          pool.run(state, state === 'Plan' ? { ...(payload as object), machine: 'local' } : payload),
        signal,
      },
    );
  } catch (error) {
    throw await withRejects(error, output);
  } finally {
    await pool.destroy();
  }
}

function createConfig(options: LocalRunOptions, output: OutputDirectory, totalBytes: number): StageConfig {
  return {
    bucketTemp: output.temporary,
    bucketOutput: output.path,
    outputPrefix: '',
    numBuckets: options.numBuckets,
    splitBytes: options.splitBytes ?? chooseSplitBytes(totalBytes, options.workers),
    urlField: options.urlField,
    maxLineBytes: options.maxLineBytes,
    tableBytes: options.tableBytes,
    maxDecompressedBytes: options.maxDecompressedBytes ?? null,
    maxBadRecords: options.maxBadRecords ?? null,
    maxBadRatio: options.maxBadRatio ?? null,
    ...(options.engine === undefined ? {} : { engine: options.engine }),
  };
}

/** The output bucket bears its final name from the start, while its files are still staged. */
function createRoots(
  config: StageConfig,
  { files }: LocalInputs,
  output: OutputDirectory,
): ReadonlyMap<string, string> {
  return new Map([
    ...files.map(({ directory }) => [directory, directory] as const),
    [config.bucketTemp, output.temporary],
    [config.bucketOutput, output.staged],
  ]);
}

/** Four splits a worker keep all of them busy to the end; every split repeats the URLs it shares with others. */
function chooseSplitBytes(totalBytes: number, workers: number): number {
  return Math.min(Math.max(Math.ceil(totalBytes / (workers * 4)), 4 * MIB), 64 * MIB);
}

async function withRejects(error: unknown, output: OutputDirectory): Promise<unknown> {
  if (!(error instanceof Error) || error.name !== 'ErrorBudgetExceededError') return error;
  const rejects = await output.publishRejects();
  return rejects === null ? error : Object.assign(error, { message: `${error.message}; see ${rejects}` });
}
