import {
  FORMAT_VERSION,
  fingerprintOf,
  formatDocument,
  type Plan,
  type RunConfiguration,
} from '../src/domain/contracts';
import { EMPTY_TALLY, type RecordTally } from '../src/domain/ledger';
import { runKeys } from '../src/domain/run-keys';
import type { StageDeps } from '../src/io/stage-deps';
import { createMemoryStore, type MemoryStore } from './memory-store';
import { temporaryScratch } from './temporary-scratch';

export const FIXTURE_RUN_ID = 'fixture';
export const FIXTURE_TEMP = 'temp';
export const FIXTURE_OUTPUT = 'output';

export interface LoggedEvent {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
}

export interface StageFixture {
  readonly store: MemoryStore;
  readonly deps: StageDeps;
  readonly logged: LoggedEvent[];
  readonly plan: Plan;
  /** Writes a document of the run, fields in snake_case already or not. */
  writeDocument(objectKey: string, document: object): Promise<void>;
}

/** A store in memory that holds the plan of a run, for the tests of one stage. */
export async function createStageFixture(
  overrides: Partial<Omit<Plan, 'configuration'>> & {
    readonly configuration?: Partial<RunConfiguration>;
  } = {},
): Promise<StageFixture> {
  const store = createMemoryStore();
  const logged: LoggedEvent[] = [];
  const configuration = {
    numBuckets: 4,
    urlField: 'url',
    splitBytes: 100,
    maxLineBytes: 1000,
    tableBytes: 1_000_000,
    maxDecompressedBytes: null,
    maxBadRecords: null,
    maxBadRatio: null,
    outputBucket: FIXTURE_OUTPUT,
    outputPrefix: 'out/',
    ...overrides.configuration,
  };
  const keys = runKeys(FIXTURE_RUN_ID);
  const plan: Plan = {
    version: FORMAT_VERSION,
    runId: FIXTURE_RUN_ID,
    executionId: 'execution',
    startedAt: '2025-12-01T00:00:00.000Z',
    fingerprint: fingerprintOf(configuration),
    plannedBytes: 0,
    inputCount: 0,
    splitCount: 0,
    groupCount: 1,
    splitsKey: keys.attempt('splits', 'a'),
    splitIndexKey: keys.attempt('splitIndex', 'a'),
    inputsKey: keys.attempt('inputs', 'a'),
    ...overrides,
    configuration,
  };
  let attempts = 0;
  const log = (level: LoggedEvent['level']) => (message: string) => void logged.push({ level, message });
  const fixture: StageFixture = {
    store,
    logged,
    plan,
    deps: {
      store,
      scratch: temporaryScratch,
      config: { ...configuration, bucketTemp: FIXTURE_TEMP, bucketOutput: FIXTURE_OUTPUT },
      log: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
      now: () => new Date('2025-12-01T00:00:05.000Z'),
      newAttemptId: () => `attempt-${attempts++}`,
    },
    writeDocument: async (objectKey, document) => {
      await store.put({ bucket: FIXTURE_TEMP, objectKey }, Buffer.from(formatDocument(document)));
    },
  };
  await fixture.writeDocument(keys.plan, plan);
  return fixture;
}

export function tallyOf(counts: Partial<RecordTally>): RecordTally {
  return { ...EMPTY_TALLY, ...counts };
}
