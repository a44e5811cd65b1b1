import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { chooseKernel } from '@mapreduce/kernel';
import { type Manifest, parseManifest, type StageConfig, type Timeline } from '@mapreduce/shared-utils';
import { version } from '../../package.json';
import type { LocalInputs } from './local-inputs';
import { OutputDirectory } from './output-directory';
import type { LocalRunOptions } from './run-locally';
import { RunRecorder } from './run-recorder';
import type { RunWatch } from './run-watch';
import { StagePool } from './stage-pool';
import type { TaskState } from './stages';
import { executeExpress } from './state-machine';
import type { ThreadLane } from './thread-lane';
import { writeTimeline } from './write-timeline';

const MIB = 1024 * 1024;

/** By their names, which only decides on speed: what is decompressed on a thread of its own is waited for. */
const COMPRESSED = /\.(gz|zst)$/i;

/** Less than this is done in less time than a split costs. */
const MIN_SPLIT_BYTES = 4 * MIB;

/** More than this saves nothing, and lets the others wait for the last. */
const MAX_SPLIT_BYTES = 256 * MIB;

/** Runs the state machine over the inputs, on this thread and the others, and publishes what comes of it. */
export async function executeLocally(
  options: LocalRunOptions,
  inputs: LocalInputs,
  threads: readonly ThreadLane[],
): Promise<Manifest> {
  const output = OutputDirectory.open(options.out, inputs, options.overwrite);
  const recorder = new RunRecorder();
  try {
    await execute(options, inputs, output, threads, recorder);
    options.signal.throwIfAborted();
    const file = path.join(output.staged, 'manifest.json');
    const manifest = parseManifest(file, readFileSync(file, 'utf8'));
    writeTimeline(output.staged, {
      runId: manifest.runId,
      environment: describeEnvironment(options, threads.length + 1),
      ...recorder.timeline(),
    });
    output.publish();
    return manifest;
  } finally {
    output.close();
  }
}

function describeEnvironment({ engine }: LocalRunOptions, workers: number): Timeline['environment'] {
  return {
    version,
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    engine: chooseKernel(engine).name,
    workers,
  };
}

async function execute(
  options: LocalRunOptions,
  inputs: LocalInputs,
  output: OutputDirectory,
  threads: readonly ThreadLane[],
  recorder: RunRecorder,
): Promise<void> {
  const { signal, splitBytes = chooseSplitBytes(inputs, threads.length + 1) } = options;
  const { totalBytes } = inputs;
  const config = createConfig(options, output, splitBytes);
  const pool = new StagePool({
    threads,
    recorder,
    config,
    roots: createRoots(config, inputs, output),
    scratch: output.scratch,
    tasksAtOnce: inputs.files.some(({ key }) => COMPRESSED.test(key)) ? 2 : 1,
  });
  try {
    const bytesRead = () => pool.bytesRead;
    options.onStart?.(totalBytes, bytesRead, chooseKernel(options.engine).name);
    const environment = describeEnvironment(options, threads.length + 1);
    options.watch?.started({ inputs, output, config, recorder, environment, bytesRead });
    const runTask = async (state: TaskState, payload: unknown) => {
      const event = state === 'Plan' ? { ...(payload as object), machine: 'local' } : payload;
      const result = await pool.run(state, event);
      options.watch?.taskDone({ state, payload, result });
      return result;
    };
    await executeExpress(
      {
        input_files: inputs.files.map(({ directory, key }) => ({ bucket: directory, key })),
        output_prefix: '',
      },
      { executionId: `local:${randomUUID()}`, runTask, signal },
    );
  } catch (error) {
    throw withRejects(error, output, options.watch);
  } finally {
    await pool.destroy();
  }
}

function createConfig(options: LocalRunOptions, output: OutputDirectory, splitBytes: number): StageConfig {
  return {
    bucketTemp: output.temporary,
    bucketOutput: output.path,
    outputPrefix: '',
    numBuckets: options.numBuckets,
    splitBytes,
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

/**
 * One file is cut evenly, a split a worker: every split repeats the URLs that it shares with others. Several are
 * packed, and need smaller splits for all workers to be done at about the same time.
 */
function chooseSplitBytes({ files, totalBytes }: LocalInputs, workers: number): number {
  const shares = files.length === 1 ? workers : 4 * workers;
  const rounds = Math.ceil(totalBytes / shares / MAX_SPLIT_BYTES);
  return Math.max(Math.ceil(totalBytes / (shares * Math.max(rounds, 1))), MIN_SPLIT_BYTES);
}

function withRejects(error: unknown, output: OutputDirectory, watch: RunWatch | undefined): unknown {
  if (!(error instanceof Error) || error.name !== 'ErrorBudgetExceededError') return error;
  const rejects = output.publishRejects();
  if (rejects === null) return error;
  watch?.rejectsPublished(rejects);
  return Object.assign(error, { message: `${error.message}; see ${rejects}` });
}
