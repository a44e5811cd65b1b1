import { referenceKernel } from '@mapreduce/kernel';
import {
  decodeSegment,
  decodeSegmentHeader,
  FORMAT_VERSION,
  fingerprintOf,
  formatDocument,
  type InputRange,
  type MapCommit,
  type ObjectStore,
  type Plan,
  parseMapCommit,
  parseReject,
  type Reject,
  type RunConfiguration,
  runKeys,
  type StageDeps,
  sniffCompression,
  writeLines,
} from '@mapreduce/shared-utils';
import { createMemoryStore, type MemoryStore, temporaryScratch } from '@mapreduce/shared-utils/testing';
import { createMapperHandler } from '../src';

const TEMP = 'temp';
const RUN_ID = 'run';
const KEYS = runKeys(RUN_ID);

const CONFIGURATION: RunConfiguration = {
  numBuckets: 4,
  urlField: 'url',
  splitBytes: 1000,
  maxLineBytes: 16 * 1024 * 1024,
  tableBytes: 32 * 1024 * 1024,
  maxDecompressedBytes: null,
  maxBadRecords: null,
  maxBadRatio: null,
  outputBucket: 'out',
  outputPrefix: 'run/',
};

export interface PlannedRun {
  readonly store: MemoryStore;
  readonly logged: unknown[];
  /** Puts an input object and says how a split takes all of it. */
  putInput(key: string, content: string | Uint8Array): Promise<InputRange>;
  writePlan(splits: readonly (readonly InputRange[])[], changes?: Partial<Plan>): Promise<void>;
  /** The mapper over `store`, or over another view of it. */
  mapSplit(split: number, overrides?: Partial<StageDeps>): Promise<unknown>;
  invoke(event: unknown): Promise<unknown>;
}

export function createPlannedRun(
  configuration: Partial<RunConfiguration> = {},
  pieceBytes?: number,
): PlannedRun {
  const store = createMemoryStore(pieceBytes === undefined ? {} : { pieceBytes });
  const settings = { ...CONFIGURATION, ...configuration };
  const logged: unknown[] = [];
  const log = (message: string, fields?: Record<string, unknown>) => void logged.push({ message, ...fields });
  let attempts = 0;
  const deps: StageDeps = {
    store,
    scratch: temporaryScratch,
    // Of all settings only the bucket is the mapper's; the rest is in the plan.
    config: {
      ...settings,
      numBuckets: 999,
      urlField: 'wrong',
      bucketTemp: TEMP,
      bucketOutput: 'x',
      outputPrefix: 'x',
    },
    log: { debug: log, info: log, warn: log, error: log },
    now: () => new Date(0),
    newAttemptId: () => `attempt-${attempts++}`,
  };
  const put = (objectKey: string, bytes: Uint8Array) => store.put({ bucket: TEMP, objectKey }, bytes);

  return {
    store,
    logged,
    async putInput(key, content) {
      const ref = { bucket: 'in', objectKey: key };
      await store.put(ref, Uint8Array.from(Buffer.from(content)));
      const { size, etag } = await store.head(ref);
      return {
        bucket: 'in',
        key,
        etag,
        size,
        compression: sniffCompression(key, Buffer.from(content)),
        start: 0,
        end: size,
      };
    },
    async writePlan(splits, changes = {}) {
      const documents = splits.map((ranges, split) => ({ split, ranges }));
      const plan: Plan = {
        version: FORMAT_VERSION,
        runId: RUN_ID,
        executionId: 'execution',
        startedAt: '2025-12-01T00:00:00.000Z',
        configuration: settings,
        fingerprint: fingerprintOf(settings),
        plannedBytes: 0,
        inputCount: 0,
        groupCount: 1,
        splitCount: splits.length,
        splitsKey: KEYS.attempt('splits', 'planner'),
        splitIndexKey: KEYS.attempt('splitIndex', 'planner'),
        inputsKey: KEYS.attempt('inputs', 'planner'),
        ...changes,
      };
      const index = await writeLines(store, { bucket: TEMP, objectKey: plan.splitsKey }, documents);
      await put(plan.splitIndexKey, index);
      await put(KEYS.plan, Uint8Array.from(Buffer.from(formatDocument(plan))));
    },
    mapSplit: (split, overrides = {}) =>
      createMapperHandler({ ...deps, ...overrides })({ run_id: RUN_ID, split }),
    invoke: createMapperHandler(deps),
  };
}

/** What the mapper has written, by name: everything but the plan. */
export function namesWritten(store: MemoryStore): string[] {
  return [...store.objects.keys()]
    .filter((name) => name.startsWith(`${TEMP}/`) && !name.includes('/plan'))
    .map((name) => name.slice(`${TEMP}/${KEYS.prefix}`.length));
}

export function readCommit({ objects }: MemoryStore, split: number): MapCommit {
  const name = `${TEMP}/${KEYS.mapCommit(split)}`;
  return parseMapCommit(name, Buffer.from(objects.get(name) ?? []).toString());
}

/** The counts of a commit record as the reducers will get them, each segment checked. */
export function readCounts(store: MemoryStore, ...splits: number[]): Map<string, number> {
  const merger = referenceKernel.createMerger({ tableBytes: 2 ** 30, topCount: 0, topBytes: 0 });
  for (const split of splits) {
    const { shuffleKey: key, segments } = readCommit(store, split);
    for (const { partition, offset, length } of segments) {
      const bytes = store.objects.get(`${TEMP}/${key}`)?.subarray(offset, offset + length) ?? Buffer.of();
      const { partitionCount } = decodeSegmentHeader(key, bytes);
      merger.add(decodeSegment(key, bytes, { partition, partitionCount }));
    }
  }
  const text = Buffer.concat([...merger.format()]).toString();
  return new Map(Object.entries(JSON.parse(text) as Record<string, number>));
}

export function readRejects(store: MemoryStore, split: number): Reject[] {
  const { rejects } = readCommit(store, split);
  if (rejects === null) return [];
  const lines = Buffer.from(store.objects.get(`${TEMP}/${rejects.key}`) ?? [])
    .toString()
    .split('\n');
  expect(lines.pop()).toBe('');
  return lines.map((line) => parseReject(rejects.key, line));
}

/** A store whose call number `at` fails, before or after it has done its work; the read of a piece is a call. */
export function failingAt(
  store: MemoryStore,
  at: number,
  when: 'before' | 'after',
  error: Error,
): ObjectStore {
  let calls = 0;
  const attempt = async <Result>(call: () => Promise<Result>): Promise<Result> => {
    const isDue = calls++ === at;
    if (isDue && when === 'before') throw error;
    const result = await call();
    if (isDue) throw error;
    return result;
  };
  return {
    ...store,
    head: (ref) => attempt(() => store.head(ref)),
    async *read(ref, options) {
      for await (const piece of store.read(ref, options)) {
        yield await attempt(async () => piece);
      }
      await attempt(async () => undefined);
    },
    put: (ref, bytes, options) => attempt(() => store.put(ref, bytes, options)),
    createWriter(ref) {
      const writer = store.createWriter(ref);
      return {
        write: (bytes) => attempt(() => writer.write(bytes)),
        close: () => attempt(() => writer.close()),
        abort: () => writer.abort(),
      };
    },
    delete: (refs) => attempt(() => store.delete(refs)),
  };
}
