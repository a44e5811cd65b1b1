import {
  FORMAT_VERSION,
  type GroupSummary,
  type ObjectStore,
  type Plan,
  parseManifest,
  type ReduceCommit,
  runKeys,
  StoreAccessError,
} from '@mapreduce/shared-utils';
import {
  createStageFixture,
  FIXTURE_OUTPUT,
  FIXTURE_RUN_ID,
  FIXTURE_TEMP,
  type StageFixture,
  tallyOf,
} from '@mapreduce/shared-utils/testing';
import { createCommitterHandler } from '../src';

const keys = runKeys(FIXTURE_RUN_ID);
const event = { run_id: FIXTURE_RUN_ID };
const MANIFEST = `${FIXTURE_OUTPUT}/out/manifest.json`;
const INPUT = { bucket: 'in', key: 'a', etag: 'e', size: 100, compression: 'none' } as const;
const SHA256 = 'ab'.repeat(32);

interface Overrides {
  readonly plan?: Partial<Plan>;
  readonly groups?: Partial<GroupSummary>;
  readonly reduced?: readonly Partial<ReduceCommit>[];
}

function outputOf(bucket: number, unique: number, total: number) {
  return {
    bucket,
    outputBucket: FIXTURE_OUTPUT,
    outputKey: `out/bucket_${bucket}.json`,
    unique,
    total,
    sha256: SHA256,
  };
}

/** A run that is ready to commit: 100 bytes, 4 lines of which 3 count, in partitions 0 and 2. */
async function createCommitFixture({ plan, groups, reduced = [] }: Overrides = {}): Promise<StageFixture> {
  const fixture = await createStageFixture({ plannedBytes: 100, inputCount: 1, splitCount: 1, ...plan });
  const { fingerprint } = fixture.plan;
  const common = { version: FORMAT_VERSION, runId: FIXTURE_RUN_ID, fingerprint };
  await fixture.writeDocument(keys.groupSummary(0), {
    ...common,
    group: 0,
    partitions: [0, 2],
    bytesRead: 100,
    records: tallyOf({ lines: 4, ok: 3, blank: 1 }),
    rejects: [],
    firstReject: null,
    ...groups,
  });
  const commits = [
    { partition: 0, output: outputOf(0, 1, 2), top: [{ url: 'b', count: 2 }] },
    { partition: 2, output: outputOf(2, 1, 1), top: [{ url: 'a', count: 1 }] },
  ];
  for (const [index, commit] of commits.entries()) {
    await fixture.writeDocument(keys.reduceCommit(commit.partition), {
      ...common,
      attempt: 'a',
      ...commit,
      ...reduced[index],
    });
  }
  await fixture.writeDocument(fixture.plan.inputsKey, INPUT);
  const inputs = `${FIXTURE_TEMP}/${fixture.plan.inputsKey}`;
  fixture.store.objects.set(
    inputs,
    Buffer.concat([fixture.store.objects.get(inputs) as Uint8Array, Buffer.from('\n')]),
  );
  return fixture;
}

const readManifest = ({ store }: StageFixture) =>
  parseManifest('manifest', Buffer.from(store.objects.get(MANIFEST) ?? []).toString());

/** One bad line more than counts, with its reject where the mapper left it. */
async function createBadFixture(plan: Partial<Plan> = {}): Promise<StageFixture> {
  const records = { ...tallyOf({ lines: 5, ok: 3, blank: 1, bad: 1 }) };
  const fixture = await createCommitFixture({
    plan,
    groups: {
      records: { ...records, badByReason: { ...records.badByReason, missing_url: 1 } },
      rejects: [{ split: 7, key: 'runs/fixture/rejects/7-a.jsonl', written: 1 }],
      firstReject: {
        source: 's3://in/a',
        offset: 42,
        length: 9,
        reason: 'missing_url',
        snippet: '{"u":"x"}',
      },
    },
  });
  await fixture.store.put(
    { bucket: FIXTURE_TEMP, objectKey: 'runs/fixture/rejects/7-a.jsonl' },
    Buffer.from('a reject\n'),
  );
  return fixture;
}

describe('the committer handler', () => {
  it('writes the manifest and returns where it is and the totals', async () => {
    const fixture = await createCommitFixture();
    expect(await createCommitterHandler(fixture.deps)(event)).toEqual({
      manifest_bucket: FIXTURE_OUTPUT,
      manifest_key: 'out/manifest.json',
      lines: 4,
      unique: 2,
      total: 3,
    });
    expect(readManifest(fixture)).toMatchObject({
      runId: FIXTURE_RUN_ID,
      inputs: [INPUT],
      bytesRead: 100,
      counts: { unique: 2, total: 3 },
      outputs: [outputOf(0, 1, 2), outputOf(2, 1, 1)],
      top: [
        { url: 'b', count: 2 },
        { url: 'a', count: 1 },
      ],
      timings: {
        startedAt: '2025-12-01T00:00:00.000Z',
        finishedAt: '2025-12-01T00:00:05.000Z',
        elapsedMs: 5000,
      },
    });
  });

  it('deletes the temporary objects of this run alone, and keeps the plan', async () => {
    const fixture = await createCommitFixture();
    await fixture.store.put(
      { bucket: FIXTURE_TEMP, objectKey: 'runs/fixture-2/plan.json' },
      Buffer.from('x'),
    );
    await createCommitterHandler(fixture.deps)(event);
    expect([...fixture.store.objects.keys()].filter((name) => name.startsWith(FIXTURE_TEMP)).sort()).toEqual([
      `${FIXTURE_TEMP}/runs/fixture-2/plan.json`,
      `${FIXTURE_TEMP}/${keys.plan}`,
    ]);
  });

  it('returns the same when it is repeated, after the temporary objects are gone', async () => {
    const fixture = await createCommitFixture();
    const handler = createCommitterHandler(fixture.deps);
    const first = await handler(event);
    expect(await handler(event)).toEqual(first);
  });

  it('takes the groups of splits together, each of which must be there', async () => {
    const fixture = await createCommitFixture({
      plan: { groupCount: 2 },
      groups: { partitions: [2], bytesRead: 60, records: tallyOf({ lines: 3, ok: 2, blank: 1 }) },
    });
    const commit = () => createCommitterHandler(fixture.deps)(event);
    await expect(commit()).rejects.toMatchObject({
      name: 'CorruptRunError',
      message: expect.stringContaining('groups/1.json: expected an object that this run wrote'),
    });
    await fixture.writeDocument(keys.groupSummary(1), {
      version: FORMAT_VERSION,
      runId: FIXTURE_RUN_ID,
      fingerprint: fixture.plan.fingerprint,
      group: 1,
      partitions: [0, 2],
      bytesRead: 40,
      records: tallyOf({ lines: 1, ok: 1 }),
      rejects: [],
      firstReject: null,
    });
    expect(await commit()).toMatchObject({ lines: 4, unique: 2, total: 3 });
  });

  it.each(['groups/0.json', 'reduce/0.json', 'inputs-a.jsonl'])(
    'C43 returns the same when a twin commits and deletes everything before it reads %s',
    async (name) => {
      const fixture = await createCommitFixture();
      let twin: unknown;
      const store: ObjectStore = {
        ...fixture.store,
        async *read(ref, options) {
          if (ref.objectKey.endsWith(name)) twin = await createCommitterHandler(fixture.deps)(event);
          yield* fixture.store.read(ref, options);
        },
      };
      const result = await createCommitterHandler({ ...fixture.deps, store })(event);
      expect(twin).toBeDefined();
      expect(result).toEqual(twin);
    },
  );

  it('C38 succeeds when the answer to the write of the manifest is lost for good', async () => {
    const fixture = await createCommitFixture();
    const put: ObjectStore['put'] = async (ref, ...rest) => {
      await fixture.store.put(ref, ...rest);
      throw new Error('connection lost');
    };
    const store = { ...fixture.store, put };
    expect(await createCommitterHandler({ ...fixture.deps, store })(event)).toMatchObject({ total: 3 });
    expect(readManifest(fixture).counts.total).toBe(3);
  });

  it('fails with what went wrong first when nothing was committed', async () => {
    const fixture = await createCommitFixture();
    const put = () => Promise.reject(new Error('disk full'));
    const store = { ...fixture.store, put };
    await expect(createCommitterHandler({ ...fixture.deps, store })(event)).rejects.toThrow('disk full');
    expect(fixture.store.objects.has(MANIFEST)).toBe(false);
  });

  it('succeeds, with a warning, when the temporary objects cannot be deleted', async () => {
    const fixture = await createCommitFixture();
    const store = { ...fixture.store, delete: () => Promise.reject(new Error('denied')) };
    await createCommitterHandler({ ...fixture.deps, store })(event);
    expect(fixture.logged.map(({ level }) => level)).toContain('warn');
    expect(readManifest(fixture).counts.total).toBe(3);
  });

  it('refuses to replace the manifest of another run', async () => {
    const fixture = await createCommitFixture();
    await createCommitterHandler(fixture.deps)(event);
    const other = Buffer.from(fixture.store.objects.get(MANIFEST) ?? [])
      .toString()
      .replace('"run_id": "fixture"', '"run_id": "other"');
    fixture.store.objects.set(MANIFEST, Buffer.from(other));
    await expect(createCommitterHandler(fixture.deps)(event)).rejects.toMatchObject({
      name: 'OutputExistsError',
    });
  });

  it('claims no result where it has not published one and finds none', async () => {
    const fixture = await createCommitFixture();
    const put = async () => false;
    await expect(
      createCommitterHandler({ ...fixture.deps, store: { ...fixture.store, put } })(event),
    ).rejects.toMatchObject({
      name: 'StoreUnavailableError',
      message: expect.stringContaining('expected the manifest of another attempt, got none'),
    });
  });

  it('passes on that it may not tell whether there is a manifest, and deletes nothing', async () => {
    const fixture = await createCommitFixture();
    const error = new StoreAccessError('memory://output: got 403');
    const read: ObjectStore['read'] = (ref, options) => {
      if (ref.bucket === FIXTURE_OUTPUT) throw error;
      return fixture.store.read(ref, options);
    };
    const before = new Map(fixture.store.objects);
    await expect(
      createCommitterHandler({ ...fixture.deps, store: { ...fixture.store, read } })(event),
    ).rejects.toBe(error);
    expect(fixture.store.objects).toEqual(before);
  });

  it.each<[string, Overrides, RegExp]>([
    ['bytes', { groups: { bytesRead: 99 } }, /expected bytes read to be 100, got 99/],
    [
      'lines',
      { groups: { records: tallyOf({ lines: 5, ok: 3, blank: 1 }) } },
      /expected ok \+ blank \+ bad lines to be 5, got 4/,
    ],
    ['counts', { reduced: [{ output: outputOf(0, 1, 3) }] }, /expected sum of counts to be 3, got 4/],
    [
      'reasons',
      { groups: { records: tallyOf({ lines: 5, ok: 3, blank: 1, bad: 1 }) } },
      /expected bad lines by reason to be 1, got 0/,
    ],
  ])('fails a run whose %s do not balance, and publishes no manifest', async (_, overrides, message) => {
    const fixture = await createCommitFixture(overrides);
    await expect(createCommitterHandler(fixture.deps)(event)).rejects.toMatchObject({
      name: 'LedgerImbalanceError',
      message: expect.stringMatching(message),
    });
    expect(fixture.store.objects.has(MANIFEST)).toBe(false);
  });

  it('fails a run over its error budget, but publishes the rejects', async () => {
    const fixture = await createBadFixture();
    await expect(createCommitterHandler(fixture.deps)(event)).rejects.toMatchObject({
      name: 'ErrorBudgetExceededError',
      message:
        's3://in/a: byte 42: expected a field "url" (missing_url), got `{"u":"x"}`; 1 of 5 lines is bad, over max_bad_records 0; ' +
        'mend the input, or allow 1 with max_bad_records (--max-bad-records)',
    });
    expect(fixture.store.objects.has(MANIFEST)).toBe(false);
    expect(
      Buffer.from(fixture.store.objects.get(`${FIXTURE_OUTPUT}/out/rejects/7.jsonl`) ?? []).toString(),
    ).toBe('a reject\n');
  });

  it('names the rejects in the manifest of a run within its error budget', async () => {
    const { plan } = await createStageFixture();
    const fixture = await createBadFixture({ configuration: { ...plan.configuration, maxBadRecords: 1 } });
    await createCommitterHandler(fixture.deps)(event);
    expect(readManifest(fixture).rejects).toEqual([{ split: 7, key: 'out/rejects/7.jsonl', written: 1 }]);
  });

  it('C45 fails, and publishes no manifest, when rejected lines are missing from where the mapper left them', async () => {
    const { plan } = await createStageFixture();
    const fixture = await createBadFixture({ configuration: { ...plan.configuration, maxBadRecords: 1 } });
    fixture.store.objects.set(`${FIXTURE_TEMP}/runs/fixture/rejects/7-a.jsonl`, Buffer.from('a rej'));
    await expect(createCommitterHandler(fixture.deps)(event)).rejects.toMatchObject({
      name: 'CorruptRunError',
      message: expect.stringMatching(/rejects\/7-a\.jsonl: expected rejected lines 1, got 0/),
    });
    expect(fixture.store.objects.has(MANIFEST)).toBe(false);
  });

  it.each(['rejects/7-a.jsonl', 'inputs-a.jsonl'])('C45 names %s as missing where it is', async (name) => {
    const { plan } = await createStageFixture();
    const fixture = await createBadFixture({ configuration: { ...plan.configuration, maxBadRecords: 1 } });
    fixture.store.objects.delete(`${FIXTURE_TEMP}/runs/fixture/${name}`);
    await expect(createCommitterHandler(fixture.deps)(event)).rejects.toMatchObject({
      name: 'CorruptRunError',
      message: expect.stringContaining(`${name}: expected an object that this run wrote, got none`),
    });
  });

  it('fails when a reduce commit is missing or of another plan', async () => {
    const fixture = await createCommitFixture({ reduced: [{ fingerprint: 'other' }] });
    await expect(createCommitterHandler(fixture.deps)(event)).rejects.toMatchObject({
      name: 'CorruptRunError',
    });
    fixture.store.objects.delete(`${FIXTURE_TEMP}/${keys.reduceCommit(0)}`);
    await expect(createCommitterHandler(fixture.deps)(event)).rejects.toMatchObject({
      name: 'CorruptRunError',
    });
  });
});
