import {
  FORMAT_VERSION,
  type MapCommit,
  parseGroupSummary,
  readPartitionSegments,
  runKeys,
} from '@mapreduce/shared-utils';
import {
  createStageFixture,
  FIXTURE_RUN_ID,
  FIXTURE_TEMP,
  type StageFixture,
  tallyOf,
} from '@mapreduce/shared-utils/testing';
import { createGroupingHandler } from '../src';

const keys = runKeys(FIXTURE_RUN_ID);
const event = { run_id: FIXTURE_RUN_ID, group: 0 };

function commitOf({ plan }: StageFixture, split: number, overrides: Partial<MapCommit> = {}): MapCommit {
  return {
    version: FORMAT_VERSION,
    runId: FIXTURE_RUN_ID,
    split,
    attempt: 'a',
    fingerprint: plan.fingerprint,
    shuffleKey: 'none',
    segments: [],
    bytesRead: 0,
    records: tallyOf({}),
    rejects: null,
    firstReject: null,
    ...overrides,
  };
}

const segmentsOf = (shuffleKey: string, ...partitions: number[]) => ({
  shuffleKey,
  segments: partitions.map((partition, index) => ({ partition, offset: 13 * index, length: 13 })),
});

const rejectAt = (offset: number) =>
  ({ source: 's3://in/a', offset, length: 1, reason: 'malformed_json', snippet: '{' }) as const;

async function keysOf({ deps, plan }: StageFixture, group: number, partition: number): Promise<string[]> {
  return (await readPartitionSegments(deps, plan, group, partition)).map(({ key }) => key);
}

function read<Document>(
  fixture: StageFixture,
  key: string,
  parse: (where: string, json: string) => Document,
): Document {
  return parse(key, Buffer.from(fixture.store.objects.get(`${FIXTURE_TEMP}/${key}`) ?? []).toString());
}

describe('the grouping handler', () => {
  it('finds no partition where there is no split', async () => {
    const fixture = await createStageFixture({ splitCount: 0 });
    expect(await createGroupingHandler(fixture.deps)(event)).toEqual({ group: 0, partitions: [] });
    expect(read(fixture, keys.groupSummary(0), parseGroupSummary).records.lines).toBe(0);
  });

  it('lists the segments of each partition by split, and only partitions that have some', async () => {
    const fixture = await createStageFixture({ splitCount: 3 });
    await fixture.writeDocument(keys.mapCommit(2), commitOf(fixture, 2, segmentsOf('c', 3, 1)));
    await fixture.writeDocument(keys.mapCommit(0), commitOf(fixture, 0, segmentsOf('a', 3, 3)));
    await fixture.writeDocument(keys.mapCommit(1), commitOf(fixture, 1));
    expect(await createGroupingHandler(fixture.deps)(event)).toEqual({ group: 0, partitions: [1, 3] });
    expect(await keysOf(fixture, 0, 3)).toEqual(['a', 'a', 'c']);
    expect(await keysOf(fixture, 0, 0)).toEqual([]);
  });

  it('groups a range of the splits, all but the last range equally long', async () => {
    const fixture = await createStageFixture({ splitCount: 5, groupCount: 3 });
    for (const split of [0, 1, 2, 3, 4]) {
      const segments = segmentsOf(`of ${split}`, split % 4);
      await fixture.writeDocument(keys.mapCommit(split), commitOf(fixture, split, segments));
    }
    const handler = createGroupingHandler(fixture.deps);
    const results = await Promise.all([0, 1, 2].map((group) => handler({ ...event, group })));
    expect(results).toEqual([
      { group: 0, partitions: [0, 1] },
      { group: 1, partitions: [2, 3] },
      { group: 2, partitions: [0] },
    ]);
    expect(await keysOf(fixture, 0, 0)).toEqual(['of 0']);
    expect(await keysOf(fixture, 1, 0)).toEqual([]);
    expect(await keysOf(fixture, 2, 0)).toEqual(['of 4']);
  });

  it('refuses a group that the plan does not have', async () => {
    const { deps } = await createStageFixture({ groupCount: 2 });
    await expect(createGroupingHandler(deps)({ ...event, group: 2 })).rejects.toMatchObject({
      name: 'CorruptRunError',
      message: 'run fixture: expected a group below 2, got 2; start the run again',
    });
  });

  it('sums the ledgers and keeps the first reject in the order of the splits', async () => {
    const fixture = await createStageFixture({ splitCount: 2 });
    const records = tallyOf({ lines: 5, ok: 3, blank: 1, bad: 1 });
    const rejects = (split: number) => ({ split, key: `rejects/${split}`, written: 1 });
    await fixture.writeDocument(
      keys.mapCommit(1),
      commitOf(fixture, 1, { records, bytesRead: 10, rejects: rejects(1), firstReject: rejectAt(10) }),
    );
    await fixture.writeDocument(
      keys.mapCommit(0),
      commitOf(fixture, 0, { records, bytesRead: 20, rejects: rejects(0), firstReject: rejectAt(90) }),
    );
    await createGroupingHandler(fixture.deps)(event);
    expect(read(fixture, keys.groupSummary(0), parseGroupSummary)).toMatchObject({
      bytesRead: 30,
      records: { lines: 10, ok: 6, blank: 2, bad: 2 },
      rejects: [rejects(0), rejects(1)],
      firstReject: rejectAt(90),
    });
  });

  it('ignores objects that no commit record of the plan names', async () => {
    const fixture = await createStageFixture({ splitCount: 1 });
    await fixture.writeDocument(keys.mapCommit(0), commitOf(fixture, 0, segmentsOf('winner', 0)));
    await fixture.writeDocument(keys.mapCommit(1), commitOf(fixture, 1, segmentsOf('of an earlier plan', 2)));
    expect(await createGroupingHandler(fixture.deps)(event)).toEqual({ group: 0, partitions: [0] });
  });

  it.each<[string, Partial<MapCommit> | null, RegExp]>([
    ['is missing', null, /map\/1\.json: expected an object that this run wrote, got none/],
    ['is of another run', { runId: 'other' }, /expected run id fixture, got other/],
    ['is of another split', { split: 0 }, /expected split 1, got 0/],
    [
      'was made with another partition count',
      { fingerprint: 'num_buckets=8' },
      /expected fingerprint .*num_buckets=4.*, got num_buckets=8/,
    ],
    ['is of another format version', { version: 2 as 1 }, /field version: expected 1, got 2/],
    ['names a partition that there is not', segmentsOf('a', 4), /expected a partition below 4, got 4/],
    ['holds a count that is none', { bytesRead: -1 }, /field bytes_read: expected a value >=0, got -1/],
  ])('fails when a commit record %s', async (_, overrides, message) => {
    const fixture = await createStageFixture({ splitCount: 2 });
    await fixture.writeDocument(keys.mapCommit(0), commitOf(fixture, 0));
    if (overrides !== null) await fixture.writeDocument(keys.mapCommit(1), commitOf(fixture, 1, overrides));
    const result = createGroupingHandler(fixture.deps)(event);
    await expect(result).rejects.toMatchObject({
      name: 'CorruptRunError',
      message: expect.stringMatching(message),
    });
  });

  it('refuses an event without a run id', async () => {
    const { deps } = await createStageFixture();
    await expect(createGroupingHandler(deps)({})).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: 'grouping event: field run_id: expected a value, got nothing',
    });
  });
});
