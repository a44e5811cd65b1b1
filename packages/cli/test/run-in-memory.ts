import { parseManifest, type StageConfig, type StageDeps } from '@mapreduce/shared-utils';
import { createMemoryStore, type MemoryStore, temporaryScratch } from '@mapreduce/shared-utils/testing';
import { createHandlerByState, type TaskState } from '../src/local/stages';
import { executeExpress } from '../src/local/state-machine';

const CONFIG: StageConfig = {
  bucketTemp: 'my-temp-bucket',
  bucketOutput: 'my-output-bucket',
  outputPrefix: 'reduce-output',
  numBuckets: 32,
  splitBytes: 128 * 1024 * 1024,
  urlField: 'url',
  maxLineBytes: 16 * 1024 * 1024,
  tableBytes: 1024 * 1024,
  maxDecompressedBytes: null,
  maxBadRecords: null,
  maxBadRatio: null,
};

export interface Pipeline {
  readonly store: MemoryStore;
  readonly deps: StageDeps;
  invoke(state: TaskState, event: unknown): Promise<unknown>;
  /** Executes the Express state machine; every attempt at a task goes through `runTask`. */
  execute(input: object, runTask?: Pipeline['invoke']): Promise<unknown>;
}

/** The real handlers and the real state machine definition over a store in memory. */
export function createPipeline(config: Partial<StageConfig> = {}, pieceBytes?: number): Pipeline {
  const store = createMemoryStore(pieceBytes === undefined ? {} : { pieceBytes });
  let attempts = 0;
  let executions = 0;
  const ignore = () => undefined;
  const deps: StageDeps = {
    store,
    scratch: temporaryScratch,
    config: { ...CONFIG, ...config },
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    now: () => new Date(Date.UTC(2025, 11, 1)),
    newAttemptId: () => `attempt-${attempts++}`,
  };
  const invoke = (state: TaskState, event: unknown) => createHandlerByState[state](deps)(event);
  return {
    store,
    deps,
    invoke,
    execute: (input, runTask = invoke) =>
      executeExpress(input, {
        executionId: `arn:aws:states:ap-south-1:123456789012:express:mapreduce:run:${executions++}`,
        runTask,
        signal: new AbortController().signal,
      }),
  };
}

export async function putText(
  store: MemoryStore,
  bucket: string,
  objectKey: string,
  text: string | Uint8Array,
) {
  await store.put({ bucket, objectKey }, typeof text === 'string' ? Buffer.from(text) : text);
}

/** What a client reads: the outputs that the execution returned, merged. */
export function readCounts(store: MemoryStore, outputs: unknown): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { output_bucket, output_key } of outputs as { output_bucket: string; output_key: string }[]) {
    const json = Buffer.from(store.objects.get(`${output_bucket}/${output_key}`) ?? []).toString();
    for (const [url, count] of Object.entries(JSON.parse(json) as Record<string, number>))
      counts.set(url, count);
  }
  return counts;
}

export function readManifest(store: MemoryStore, key: string) {
  return parseManifest(key, Buffer.from(store.objects.get(key) ?? []).toString());
}
