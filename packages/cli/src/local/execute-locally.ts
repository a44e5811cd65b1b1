import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Manifest, parseManifest, type StageConfig } from '@mapreduce/shared-utils';
import type { LocalInputs } from './local-inputs';
import { OutputDirectory } from './output-directory';
import type { LocalRunOptions } from './run-locally';
import { StagePool } from './stage-pool';
import { executeExpress } from './state-machine';
import type { ThreadLane } from './thread-lane';

const MIB = 1024 * 1024;

/** Runs the state machine over the inputs, on this thread and the others, and publishes what comes of it. */
export async function executeLocally(
  options: LocalRunOptions,
  inputs: LocalInputs,
  threads: readonly ThreadLane[],
): Promise<Manifest> {
  const output = OutputDirectory.open(options.out, inputs, options.overwrite);
  try {
    await execute(options, inputs, output, threads);
    options.signal.throwIfAborted();
    output.publish();
  } finally {
    output.close();
  }
  const manifest = path.join(output.path, 'manifest.json');
  return parseManifest(manifest, readFileSync(manifest, 'utf8'));
}

async function execute(
  options: LocalRunOptions,
  inputs: LocalInputs,
  output: OutputDirectory,
  threads: readonly ThreadLane[],
): Promise<void> {
  const { signal } = options;
  const { totalBytes } = inputs;
  const config = createConfig(options, output, totalBytes);
  const pool = new StagePool({
    threads,
    config,
    roots: createRoots(config, inputs, output),
    scratch: output.scratch,
  });
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
    throw withRejects(error, output);
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

function withRejects(error: unknown, output: OutputDirectory): unknown {
  if (!(error instanceof Error) || error.name !== 'ErrorBudgetExceededError') return error;
  const rejects = output.publishRejects();
  return rejects === null ? error : Object.assign(error, { message: `${error.message}; see ${rejects}` });
}
