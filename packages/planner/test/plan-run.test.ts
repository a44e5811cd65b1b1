import { gzipSync } from 'node:zlib';
import {
  type ObjectStore,
  parseInputSplit,
  parsePinnedObject,
  parsePlan,
  readConfig,
  readPlan,
  readSplit,
  type StageDeps,
  StoreAccessError,
  StoreUnavailableError,
} from '@mapreduce/shared-utils';
import { createMemoryStore, temporaryScratch } from '@mapreduce/shared-utils/testing';
import { createPlannerHandler } from '../src';

const EXECUTION = 'arn:aws:states:ap-south-1:123456789012:express:machine:nightly:u1';

function createPlanner(env: Record<string, string> = {}, store = createMemoryStore()) {
  let attempts = 0;
  const ignore = () => undefined;
  const deps: StageDeps = {
    store,
    scratch: temporaryScratch,
    config: readConfig({ BUCKET_TEMP: 'temp', BUCKET_OUTPUT: 'out', ...env }),
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    now: () => new Date('2025-12-01T00:00:00.000Z'),
    newAttemptId: () => `attempt-${attempts++}`,
  };
  const put = (objectKey: string, content: string | Uint8Array) =>
    store.put({ bucket: 'in', objectKey }, Buffer.from(content));
  const plan = (input: unknown, executionId = EXECUTION, machine = 'express') =>
    createPlannerHandler(deps)({ input, execution_id: executionId, machine });
  const text = (key: string) => Buffer.from(store.objects.get(`temp/${key}`) ?? []).toString();
  return { store, deps, put, plan, text };
}

const files = (...keys: string[]) => ({
  input_files: keys.map((key) => ({ bucket: 'in', key })),
  run_id: 'r',
});

describe('the planner handler', () => {
  it('writes a plan whose splits later stages find by number', async () => {
    const { deps, put, plan, text } = createPlanner({ SPLIT_BYTES: '10' });
    await put('a', 'x'.repeat(25));
    await put('b', gzipSync('y'.repeat(100)));
    expect(await plan(files('a', 'b'))).toEqual({ run_id: 'r', splits: [0, 1, 2, 3] });
    const written = await readPlan(deps, 'r');
    expect(written).toMatchObject({ runId: 'r', executionId: EXECUTION, inputCount: 2, splitCount: 4 });
    const [first, , , last] = await Promise.all([0, 1, 2, 3].map((split) => readSplit(deps, written, split)));
    expect(first?.ranges).toMatchObject([{ key: 'a', start: 0, end: 8, compression: 'none' }]);
    expect(last?.ranges).toMatchObject([{ key: 'b', start: 0, compression: 'gzip' }]);
    const lines = text(written.splitsKey).trimEnd().split('\n');
    expect(lines.map((line) => parseInputSplit('line', line).split)).toEqual([0, 1, 2, 3]);
    const inputs = text(written.inputsKey).trimEnd().split('\n');
    expect(inputs.map((line) => parsePinnedObject('line', line).key)).toEqual(['a', 'b']);
    await expect(readSplit(deps, written, 4)).rejects.toMatchObject({ name: 'CorruptRunError' });
  });

  it('C25 pins the version that the input names, an older one too, in every split of it', async () => {
    const versioned = createMemoryStore({ isVersioned: true });
    const { deps, put, plan } = createPlanner({ SPLIT_BYTES: '10' }, versioned);
    await put('a', 'x'.repeat(25));
    await put('a', 'current');
    await plan({ input_files: [{ bucket: 'in', key: 'a', version_id: 'version-1' }], run_id: 'r' });
    const written = await readPlan(deps, 'r');
    expect(written.plannedBytes).toBe(25);
    const splits = await Promise.all([0, 1, 2].map((split) => readSplit(deps, written, split)));
    for (const { ranges } of splits) expect(ranges).toMatchObject([{ versionId: 'version-1', size: 25 }]);
  });

  it('returns the same plan to a second attempt, even when the bucket has changed since', async () => {
    const { put, plan, text } = createPlanner();
    await put('a', 'x');
    const first = await plan(files('a'));
    const planned = text('runs/r/plan.json');
    await put('a', 'changed');
    expect(await plan(files('a'))).toEqual(first);
    expect(text('runs/r/plan.json')).toBe(planned);
  });

  it('returns it without a look at the inputs or the output, and writes nothing', async () => {
    const { store, put, plan } = createPlanner();
    await put('a', 'x');
    const input = { ...files('a'), output_prefix: 'flat' };
    const first = await plan(input);
    await store.delete([{ bucket: 'in', objectKey: 'a' }]);
    await store.put({ bucket: 'out', objectKey: 'flat/manifest.json' }, Buffer.from('{}'));
    const before = new Map(store.objects);
    expect(await plan(input)).toEqual(first);
    expect(store.objects).toEqual(before);
  });

  it.each([
    ['looking for a plan', 'temp', new StoreUnavailableError('memory://temp: try again later')],
    ['looking for an output', 'out', new StoreUnavailableError('memory://out: try again later')],
    ['telling whether there is a plan', 'temp', new StoreAccessError('memory://temp: got 403')],
    ['telling whether there is an output', 'out', new StoreAccessError('memory://out: got 403')],
  ])('passes on what keeps it from %s, and plans nothing', async (_, bucket, error) => {
    const { deps, store, put } = createPlanner();
    await put('a', 'x');
    const read: ObjectStore['read'] = (ref, options) => {
      if (ref.bucket === bucket) throw error;
      return store.read(ref, options);
    };
    const event = { input: files('a'), execution_id: EXECUTION, machine: 'express' };
    await expect(createPlannerHandler({ ...deps, store: { ...store, read } })(event)).rejects.toBe(error);
    expect([...store.objects.keys()]).toEqual(['in/a']);
  });

  it('claims no plan where it has not made one and finds none', async () => {
    const { deps, store, put } = createPlanner();
    await put('a', 'x');
    const losing: ObjectStore = {
      ...store,
      put: async (ref, bytes, options) => !options?.ifNoneMatch && store.put(ref, bytes, options),
    };
    const event = { input: files('a'), execution_id: EXECUTION, machine: 'express' };
    await expect(createPlannerHandler({ ...deps, store: losing })(event)).rejects.toMatchObject({
      name: 'StoreUnavailableError',
    });
  });

  it('makes one plan when two attempts run at once', async () => {
    const { store, put, plan, text } = createPlanner();
    await put('a', 'x');
    const results = await Promise.all([plan(files('a')), plan(files('a'))]);
    expect(results[0]).toEqual(results[1]);
    const { splitsKey } = parsePlan('plan', text('runs/r/plan.json'));
    expect(text(splitsKey)).not.toBe('');
    // Each attempt has lists of its own, so that the loser's cannot replace those of the plan.
    expect([...store.objects.keys()].filter((key) => /plan-.*\.jsonl$/.test(key))).toHaveLength(2);
  });

  it('C43 keeps two executions of one run id apart, even at once', async () => {
    const { put, plan, text } = createPlanner();
    await put('a', 'x');
    const results = await Promise.allSettled([plan(files('a'), 'arn:one'), plan(files('a'), 'arn:two')]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const winner = results[0]?.status === 'fulfilled' ? 'arn:one' : 'arn:two';
    expect(parsePlan('plan', text('runs/r/plan.json')).executionId).toBe(winner);
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { name: 'InvalidInputError', message: expect.stringContaining('field run_id') },
    });
  });

  it('names the run after its execution where the input does not', async () => {
    const { put, plan } = createPlanner();
    await put('a', 'x');
    const input = { input_files: [{ bucket: 'in', key: 'a' }] };
    const first = await plan(input);
    expect(first).toEqual({ run_id: expect.stringMatching(/^nightly-[0-9a-f]{8}$/), splits: [0] });
    expect(await plan(input)).toEqual(first);
    expect(await plan(input, EXECUTION.replace('u1', 'u2'))).not.toEqual(first);
  });

  it('C24 plans no split where every input is empty, and lists the inputs', async () => {
    const { deps, put, plan, text } = createPlanner();
    await put('a', '');
    await put('b', '');
    expect(await plan(files('a', 'b'))).toEqual({ run_id: 'r', splits: [] });
    const written = await readPlan(deps, 'r');
    expect(written).toMatchObject({ inputCount: 2, splitCount: 0, plannedBytes: 0 });
    expect(text(written.inputsKey).trimEnd().split('\n')).toHaveLength(2);
  });

  it('plans ten thousand files', async () => {
    const { deps, put, plan } = createPlanner();
    const keys = Array.from({ length: 10_000 }, (_, index) => `${index}`);
    for (const key of keys) await put(key, 'x');
    expect(await plan(files(...keys))).toEqual({ run_id: 'r', splits: [0, 1, 2, 3, 4] });
    const written = await readPlan(deps, 'r');
    expect(written).toMatchObject({ inputCount: 10_000, plannedBytes: 10_000 });
    expect((await readSplit(deps, written, 4)).ranges.at(-1)?.key).toBe('9999');
  });

  it('B2 leaves no plan or a whole one when a write fails, and a retry succeeds', async () => {
    const error = new StoreUnavailableError('memory: try again later');
    for (const when of ['before', 'after']) {
      for (let at = 0; at < 4; at++) {
        const { deps, store, put, plan } = createPlanner({ SPLIT_BYTES: '10' });
        await put('a', 'x'.repeat(25));
        let writes = 0;
        const failDue = async <Result>(write: () => Promise<Result>): Promise<Result> => {
          const isDue = writes++ === at;
          if (isDue && when === 'before') throw error;
          const result = await write();
          if (isDue) throw error;
          return result;
        };
        const failing: ObjectStore = {
          ...store,
          put: (...args) => failDue(() => store.put(...args)),
          createWriter: (ref) => {
            const writer = store.createWriter(ref);
            return { ...writer, close: () => failDue(() => writer.close()) };
          },
        };
        const event = { input: files('a'), execution_id: EXECUTION, machine: 'express' };
        await expect(createPlannerHandler({ ...deps, store: failing })(event)).rejects.toBe(error);
        expect(await plan(files('a'))).toEqual({ run_id: 'r', splits: [0, 1, 2] });
        expect((await readSplit(deps, await readPlan(deps, 'r'), 2)).ranges).toMatchObject([
          { start: 16, end: 25 },
        ]);
      }
    }
  });

  it('refuses the run id of another execution', async () => {
    const { put, plan } = createPlanner();
    await put('a', 'x');
    await plan(files('a'));
    await expect(plan(files('a'), 'arn:other')).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringContaining('run_id'),
    });
  });

  it('refuses a place that holds an output, before anything is written', async () => {
    const { store, put, plan } = createPlanner();
    await put('a', 'x');
    await store.put({ bucket: 'out', objectKey: 'flat/manifest.json' }, Buffer.from('{}'));
    await expect(plan({ ...files('a'), output_prefix: 'flat' })).rejects.toMatchObject({
      name: 'OutputExistsError',
    });
    expect([...store.objects.keys()].filter((key) => key.startsWith('temp/'))).toEqual([]);
  });

  it('finds the objects of a prefix by suffix, without folder markers', async () => {
    const { deps, put, plan } = createPlanner();
    for (const key of ['logs/', 'logs/a.jsonl', 'logs/b.txt', 'logs/deep/c.jsonl', 'other/d.jsonl']) {
      await put(key, key.endsWith('/') ? '' : 'x');
    }
    await plan({ input_prefixes: [{ bucket: 'in', prefix: 'logs/', suffix: '.jsonl' }], run_id: 'r' });
    const { ranges } = await readSplit(deps, await readPlan(deps, 'r'), 0);
    expect(ranges.map(({ key }) => key)).toEqual(['logs/a.jsonl', 'logs/deep/c.jsonl']);
  });

  it('names the batch machine its tasks without a list of the splits, again for a second attempt', async () => {
    const { deps, put, plan } = createPlanner({ SPLIT_BYTES: '1', NUM_BUCKETS: '3' });
    await put('a', 'x'.repeat(10_001));
    const result = {
      run_id: 'r',
      temp_bucket: 'temp',
      splits_key: expect.stringMatching(/^runs\/r\/plan-.+\.jsonl$/),
      split_count: 10_001,
      groups: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
      partitions: [0, 1, 2],
    };
    expect(await plan(files('a'), EXECUTION, 'batch')).toEqual(result);
    expect(await plan(files('a'), EXECUTION, 'batch')).toEqual(result);
    const written = await readPlan(deps, 'r');
    expect(written).toMatchObject({ splitCount: 10_001, groupCount: 11 });
    expect((await readSplit(deps, written, 10_000)).ranges).toMatchObject([{ start: 10_000, end: 10_001 }]);
  });

  it('lets the local machine plan what an Express execution could not hold', async () => {
    const { put, plan } = createPlanner({ SPLIT_BYTES: '1' });
    await put('a', 'x'.repeat(10_001));
    await expect(plan(files('a'))).rejects.toMatchObject({ name: 'PlanLimitError' });
    expect(await plan(files('a'), EXECUTION, 'local')).toMatchObject({ run_id: 'r' });
  });

  it.each<[string, unknown, string, RegExp]>([
    [
      'no input at all',
      {},
      'InvalidInputError',
      /at least one object in input_files, input_prefixes or inventory/,
    ],
    ['an empty list', { input_files: [] }, 'InvalidInputError', /at least one object/],
    [
      'a prefix without objects',
      { input_prefixes: [{ bucket: 'in', prefix: 'none/' }] },
      'InvalidInputError',
      /at least one object/,
    ],
    ['the same object twice', files('a', 'a'), 'InvalidInputError', /in\/a: .*duplicate input/],
    [
      'an object of a listing too',
      { ...files('a'), input_prefixes: [{ bucket: 'in', prefix: '' }] },
      'InvalidInputError',
      /duplicate input/,
    ],
    ['a missing object', files('missing'), 'InputNotFoundError', /in\/missing/],
    [
      'an empty .gz',
      files('empty.gz'),
      'CorruptInputError',
      /empty\.gz: expected compressed data, got an empty object/,
    ],
    ['an xz file', files('xz'), 'UnsupportedInputError', /got xz; convert it first/],
    ['UTF-16', files('utf16'), 'UnsupportedInputError', /got UTF-16 text/],
    [
      'something else than an object',
      'file',
      'InvalidInputError',
      /^execution input: expected object, got \\"file\\"$/,
    ],
    [
      'a list that is none',
      { input_files: 'a' },
      'InvalidInputError',
      /field input_files: expected array, got \\"a\\"$/,
    ],
    [
      'a file without bucket',
      { input_files: [{ key: 'a' }] },
      'InvalidInputError',
      /field input_files\[0\]\.bucket: expected a value, got nothing/,
    ],
    [
      'a file without key',
      { input_files: [{ bucket: 'in' }] },
      'InvalidInputError',
      /field input_files\[0\]\.key/,
    ],
    [
      'an empty key',
      { input_files: [{ bucket: 'in', key: '' }] },
      'InvalidInputError',
      /field input_files\[0\]\.key: expected a non-empty string/,
    ],
    [
      'a number as key',
      { input_files: [{ bucket: 'in', key: 5 }] },
      'InvalidInputError',
      /field input_files\[0\]\.key: expected string, got 5/,
    ],
    [
      'an unknown field',
      { ...files('a'), num_bukets: 3 },
      'InvalidInputError',
      /field num_bukets: unknown field/,
    ],
    [
      'a prototype for a field',
      JSON.parse('{"input_files":[{"bucket":"in","key":"a"}],"__proto__":{"num_buckets":3}}'),
      'InvalidInputError',
      /field __proto__: unknown field/,
    ],
    [
      '0 buckets',
      { ...files('a'), num_buckets: 0 },
      'InvalidInputError',
      /field num_buckets: expected a value >=1, got 0/,
    ],
    [
      '1.5 buckets',
      { ...files('a'), num_buckets: 1.5 },
      'InvalidInputError',
      /field num_buckets: expected an integer, got 1.5/,
    ],
    ['-1 buckets', { ...files('a'), num_buckets: -1 }, 'InvalidInputError', /field num_buckets: .* got -1/],
    ['NaN buckets', { ...files('a'), num_buckets: Number.NaN }, 'InvalidInputError', /field num_buckets/],
    [
      'buckets as text',
      { ...files('a'), num_buckets: '3' },
      'InvalidInputError',
      /field num_buckets: expected number/,
    ],
    ['a list as execution input', [files('a')], 'InvalidInputError', /^execution input: /],
    ['null as a file', { input_files: [null] }, 'InvalidInputError', /field input_files\[0\]: expected/],
    [
      'an unknown field of a file',
      { input_files: [{ bucket: 'in', key: 'a', size: 1 }] },
      'InvalidInputError',
      /field input_files\[0\]\.size: unknown field/,
    ],
    [
      'a negative budget',
      { ...files('a'), max_bad_records: -1 },
      'InvalidInputError',
      /field max_bad_records/,
    ],
    ['a ratio over 1', { ...files('a'), max_bad_ratio: 1.01 }, 'InvalidInputError', /field max_bad_ratio/],
    ['an empty url_field', { ...files('a'), url_field: '' }, 'InvalidInputError', /field url_field/],
    [
      'an output_prefix that climbs',
      { ...files('a'), output_prefix: '../x' },
      'InvalidInputError',
      /field output_prefix: expected a relative path .*, got "\.\.\/x"/,
    ],
    [
      'an inventory without a manifest',
      { inventory: { prefix: 'a' } },
      'InvalidInputError',
      /field inventory\.manifest: expected a value, got nothing/,
    ],
    [
      'an unknown field of an inventory',
      { inventory: { manifest: { bucket: 'in', key: 'a' }, modified_after: '2025-12-01T00:00:00Z' } },
      'InvalidInputError',
      /field inventory\.modified_after: unknown field/,
    ],
    ...['2025-12-01', '2025-12-01T00:00:00', '2025-02-30T00:00:00Z', '2025-12-01T00:00:00+05'].map(
      (time): [string, unknown, string, RegExp] => [
        `${time} for a time`,
        { inventory: { manifest: { bucket: 'in', key: 'a' }, modified_from: time } },
        'InvalidInputError',
        /field inventory\.modified_from: expected a time like 2025-12-01T00:00:00Z, got \\"2025-/,
      ],
    ),
    [
      'an inventory that is not there',
      { inventory: { manifest: { bucket: 'in', key: 'none' } } },
      'InputNotFoundError',
      /in\/none/,
    ],
    [
      'ten thousand files of which the last is bad',
      { input_files: [...Array.from({ length: 10_000 }, (_, key) => ({ bucket: 'in', key: `${key}` })), {}] },
      'InvalidInputError',
      /field input_files\[10000\]\.bucket/,
    ],
    ['too many buckets', { ...files('a'), num_buckets: 1025 }, 'InvalidInputError', /field num_buckets/],
    [
      'NaN as ratio',
      { ...files('a'), max_bad_ratio: Number.NaN },
      'InvalidInputError',
      /field max_bad_ratio/,
    ],
    [
      'a run id that leaves its prefix',
      { ...files('a'), run_id: '../x' },
      'InvalidInputError',
      /field run_id: expected run id of letters/,
    ],
    [
      'a hostile field name',
      { ...files('a'), '\u001b[31m': 1 },
      'InvalidInputError',
      /field \\u001b\[31m: unknown field/,
    ],
  ])('refuses %s and starts nothing', async (_, input, name, message) => {
    const { store, put, plan } = createPlanner();
    await put('a', 'x');
    await put('empty.gz', '');
    await put('xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x04]));
    await put('utf16', Buffer.from('\ufeff{"url":"a"}', 'utf16le'));
    await expect(plan(input)).rejects.toMatchObject({ name, message: expect.stringMatching(message) });
    expect([...store.objects.keys()].filter((key) => !key.startsWith('in/'))).toEqual([]);
  });
});
