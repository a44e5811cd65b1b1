import { gzipSync } from 'node:zlib';
import {
  parseInputSplit,
  parsePinnedObject,
  parsePlan,
  readConfig,
  readPlan,
  readSplit,
  type StageDeps,
} from '@mapreduce/shared-utils';
import { createMemoryStore } from '@mapreduce/shared-utils/testing';
import { createPlannerHandler } from '../src';

const EXECUTION = 'arn:aws:states:ap-south-1:123456789012:express:machine:nightly:u1';

function createPlanner(env: Record<string, string> = {}) {
  const store = createMemoryStore();
  let attempts = 0;
  const ignore = () => undefined;
  const deps: StageDeps = {
    store,
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

  it('returns the same plan to a second attempt, even when the bucket has changed since', async () => {
    const { put, plan, text } = createPlanner();
    await put('a', 'x');
    const first = await plan(files('a'));
    const planned = text('runs/r/plan.json');
    await put('a', 'changed');
    expect(await plan(files('a'))).toEqual(first);
    expect(text('runs/r/plan.json')).toBe(planned);
  });

  it('makes one plan when two attempts run at once', async () => {
    const { put, plan, text } = createPlanner();
    await put('a', 'x');
    const results = await Promise.all([plan(files('a')), plan(files('a'))]);
    expect(results[0]).toEqual(results[1]);
    const { splitsKey } = parsePlan('plan', text('runs/r/plan.json'));
    expect(text(splitsKey)).not.toBe('');
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

  it('lets the local machine plan what an Express execution could not hold', async () => {
    const { put, plan } = createPlanner({ SPLIT_BYTES: '1' });
    await put('a', 'x'.repeat(10_001));
    await expect(plan(files('a'))).rejects.toMatchObject({ name: 'ExpressLimitError' });
    expect(await plan(files('a'), EXECUTION, 'local')).toMatchObject({ run_id: 'r' });
  });

  it.each<[string, unknown, string, RegExp]>([
    ['no input at all', {}, 'InvalidInputError', /at least one object in input_files or input_prefixes/],
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
      /^execution input: expected object, got "file"|^execution input: /,
    ],
    [
      'a list that is none',
      { input_files: 'a' },
      'InvalidInputError',
      /field input_files: expected array, got "a"|field input_files: expected array/,
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
      { ...files('a'), ['\u001b[31m']: 1 },
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
