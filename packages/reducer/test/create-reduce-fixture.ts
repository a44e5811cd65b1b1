import { referenceKernel } from '@mapreduce/kernel';
import {
  encodeSegmentHeader,
  FORMAT_VERSION,
  type Plan,
  type RunConfiguration,
  runKeys,
  type Segment,
  writeLines,
} from '@mapreduce/shared-utils';
import {
  createStageFixture,
  FIXTURE_OUTPUT,
  FIXTURE_RUN_ID,
  FIXTURE_TEMP,
  type StageFixture,
} from '@mapreduce/shared-utils/testing';

export const PARTITION = 0;
export const OUTPUT = 'out/bucket_0.json';
export const event = { run_id: FIXTURE_RUN_ID, partition: PARTITION };

/** What a mapper with one partition would emit for these URLs. */
function rowsOf(urls: readonly string[]): Uint8Array {
  const counter = referenceKernel.createCounter({
    partitionCount: 1,
    urlField: 'url',
    maxLineBytes: 16 * 1024 * 1024,
    tableBytes: 1_000_000_000,
    headerBytes: 0,
    onReject: () => undefined,
  });
  counter.begin(0);
  for (const url of urls) counter.push(Buffer.from(`${JSON.stringify({ url })}\n`));
  counter.end();
  return counter.emit().partitions[0]?.rows ?? new Uint8Array();
}

/** Writes one shuffle object a list of URLs, and the partition's list of segments. */
export async function createReduceFixture(
  mappers: readonly (readonly string[])[],
  configuration: Partial<RunConfiguration> = {},
  plan: Partial<Omit<Plan, 'configuration'>> = {},
): Promise<StageFixture> {
  const fixture = await createStageFixture({ ...plan, configuration });
  const segments: Segment[] = [];
  for (const [index, urls] of mappers.entries()) {
    const rows = rowsOf(urls);
    const key = `shuffle-${index}`;
    const padding = 5;
    const header = encodeSegmentHeader(PARTITION, fixture.plan.configuration.numBuckets, rows);
    const segment = Buffer.concat([header, rows]);
    await fixture.store.put(
      { bucket: FIXTURE_TEMP, objectKey: key },
      Buffer.concat([Buffer.alloc(padding), segment]),
    );
    segments.push({ key, offset: padding, length: segment.length });
  }
  await writeGroup(fixture, 0, segments);
  return fixture;
}

/** The list of a group: its segments are all of the one partition. */
export async function writeGroup(
  { store, plan }: StageFixture,
  group: number,
  segments: readonly Segment[],
): Promise<void> {
  const { fingerprint, configuration } = plan;
  const common = { version: FORMAT_VERSION, runId: FIXTURE_RUN_ID, group, fingerprint };
  const documents = Array.from({ length: configuration.numBuckets }, (_, partition) => ({
    ...common,
    partition,
    segments: partition === PARTITION ? segments : [],
  }));
  const keys = runKeys(FIXTURE_RUN_ID);
  const refOf = (objectKey: string) => ({ bucket: FIXTURE_TEMP, objectKey });
  const index = await writeLines(store, refOf(keys.partitions(group)), documents);
  await store.put(refOf(keys.partitionIndex(group)), index);
}

export const outputOf = ({ store }: StageFixture) =>
  Buffer.from(store.objects.get(`${FIXTURE_OUTPUT}/${OUTPUT}`) ?? []).toString();
