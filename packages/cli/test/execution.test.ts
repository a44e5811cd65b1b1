import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { TaskState } from '../src/local/stages';
import { createPipeline, putText, readCounts, readManifest } from './run-in-memory';

const readEvent = (name: string) =>
  JSON.parse(readFileSync(path.resolve(__dirname, '../../../events', name), 'utf8')) as Record<
    string,
    unknown
  >;

const FILE_00 = ['/home', '/docs', '/home'].map((url) => `{"url":"https://a.example${url}"}\n`).join('');
const FILE_08 = '{"url":"https://a.example/home"}\n\n{"url":"https://a.example/pricing"}';
const COUNTS = new Map([
  ['https://a.example/docs', 1],
  ['https://a.example/home', 3],
  ['https://a.example/pricing', 1],
]);

async function createSamplePipeline(config = {}) {
  const pipeline = createPipeline(config);
  await putText(pipeline.store, 'my-raw-bucket', 'events/2025/12/01/file00.jsonl', FILE_00);
  await putText(pipeline.store, 'my-raw-bucket', 'events/2025/12/01/file08.jsonl', FILE_08);
  return pipeline;
}

describe('the sample events', () => {
  it('run the five handlers one after another', async () => {
    const { store, invoke } = await createSamplePipeline();
    expect(await invoke('Plan', readEvent('planner.json'))).toEqual({ run_id: 'sample-run', splits: [0] });
    expect(await invoke('MapSplit', readEvent('mapper.json'))).toEqual({ split: 0 });
    const { partitions } = (await invoke('Group', readEvent('grouping.json'))) as { partitions: number[] };
    const outputs = [];
    for (const partition of partitions) {
      outputs.push(await invoke('ReducePartition', { ...readEvent('reducer.json'), partition }));
    }
    expect(await invoke('Commit', readEvent('committer.json'))).toEqual({
      manifest_bucket: 'my-output-bucket',
      manifest_key: 'reduce-output/sample-run/manifest.json',
      lines: 6,
      unique: 3,
      total: 5,
    });
    expect(readCounts(store, outputs)).toEqual(COUNTS);
  });
});

describe('the Express execution', () => {
  it('takes the input of the brief and returns the non-empty buckets in order', async () => {
    const { store, execute } = await createSamplePipeline();
    const outputs = (await execute(readEvent('execution.json'))) as {
      output_bucket: string;
      output_key: string;
    }[];
    const numbers = outputs.map(({ output_key }) =>
      Number(/^reduce-output\/[^/]+\/bucket_(\d+)\.json$/.exec(output_key)?.[1]),
    );
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    expect(new Set(outputs.map(({ output_bucket }) => output_bucket))).toEqual(new Set(['my-output-bucket']));
    expect(readCounts(store, outputs)).toEqual(COUNTS);
  });

  it('gives the flat layout for an output_prefix', async () => {
    const { execute } = await createSamplePipeline({ numBuckets: 1 });
    expect(await execute({ ...readEvent('execution.json'), output_prefix: 'reduce-output' })).toEqual([
      { output_bucket: 'my-output-bucket', output_key: 'reduce-output/bucket_0.json' },
    ]);
  });

  it('leaves a manifest that balances, and no temporary object but the plan', async () => {
    const { store, execute } = await createSamplePipeline({ splitBytes: 16 });
    await execute({ ...readEvent('execution.json'), run_id: 'r' });
    expect([...store.objects.keys()].filter((name) => name.startsWith('my-temp-bucket/'))).toEqual([
      'my-temp-bucket/runs/r/plan.json',
    ]);
    const manifest = readManifest(store, 'my-output-bucket/reduce-output/r/manifest.json');
    expect(manifest.records).toMatchObject({ lines: 6, ok: 5, blank: 1, bad: 0 });
    expect(manifest.bytesRead).toBe(FILE_00.length + FILE_08.length);
    expect(manifest.counts).toEqual({ unique: 3, total: 5 });
    expect(manifest.top[0]).toEqual({ url: 'https://a.example/home', count: 3 });
  });

  it('succeeds with an empty result when all inputs are empty', async () => {
    const { store, execute } = createPipeline();
    await putText(store, 'in', 'empty', '');
    expect(await execute({ input_files: [{ bucket: 'in', key: 'empty' }], run_id: 'r' })).toEqual([]);
    const manifest = readManifest(store, 'my-output-bucket/reduce-output/r/manifest.json');
    expect(manifest.records.lines).toBe(0);
    expect(manifest.inputs).toHaveLength(1);
  });

  it('keeps two runs of the same input apart', async () => {
    const { store, execute } = await createSamplePipeline();
    const first = await execute(readEvent('execution.json'));
    const second = await execute(readEvent('execution.json'));
    expect(second).not.toEqual(first);
    expect(readCounts(store, first)).toEqual(readCounts(store, second));
  });

  it('retries a task whose store is unavailable', async () => {
    const { store, execute, invoke } = await createSamplePipeline();
    let failures = 0;
    const outputs = await execute(readEvent('execution.json'), async (state, event) => {
      if (state === 'MapSplit' && failures++ === 0) {
        throw Object.assign(new Error('try later'), { name: 'StoreUnavailableError' });
      }
      return invoke(state, event);
    });
    expect(readCounts(store, outputs)).toEqual(COUNTS);
  });
});

describe('a run that fails', () => {
  const bad = '{"url":"a"}\n{"url":\n';

  async function failWith(config: object, text: string): Promise<{ error: Error; names: string[] }> {
    const { store, execute } = createPipeline(config);
    await putText(store, 'in', 'file', text);
    const error = await execute({ input_files: [{ bucket: 'in', key: 'file' }] }).then(
      () => new Error('did not fail'),
      (thrown: Error) => thrown,
    );
    return { error, names: [...store.objects.keys()] };
  }

  it('names the first bad line, its byte and how to allow it, and publishes no manifest', async () => {
    const { error, names } = await failWith({}, bad);
    expect(error.name).toBe('ErrorBudgetExceededError');
    expect(error.message).toMatch(
      /^memory:\/\/in\/file: byte 12: expected one JSON object .*malformed_json.*max_bad_records 0.*--max-bad-records/,
    );
    expect(names.filter((name) => name.endsWith('manifest.json'))).toEqual([]);
    expect(
      names.filter((name) => name.includes('/rejects/0.jsonl') && name.startsWith('my-output')),
    ).toHaveLength(1);
  });

  it.each([
    ['exactly max_bad_records', { maxBadRecords: 1 }, true],
    ['one more than max_bad_records', { maxBadRecords: 0 }, false],
    ['exactly max_bad_ratio', { maxBadRatio: 0.5 }, true],
    ['more than max_bad_ratio', { maxBadRatio: 0.49 }, false],
    ['within the ratio but over the number', { maxBadRatio: 0.5, maxBadRecords: 0 }, false],
  ])('is one with %s bad lines: %o', async (_, config, isWithin) => {
    const { error } = await failWith(config, bad);
    expect(error.message === 'did not fail').toBe(isWithin);
  });

  it.each<[string, TaskState, (names: string[]) => string | undefined]>([
    ['a commit record is missing', 'Group', (names) => names.find((name) => name.endsWith('map/0.json'))],
    [
      'a shuffle object is missing',
      'ReducePartition',
      (names) => names.find((name) => name.includes('/shuffle/')),
    ],
  ])('is one where %s', async (_, state, victim) => {
    const { store, execute, invoke } = await createSamplePipeline();
    const result = execute(readEvent('execution.json'), (current, event) => {
      const name = victim([...store.objects.keys()]);
      if (current === state && name !== undefined) store.objects.delete(name);
      return invoke(current, event);
    });
    await expect(result).rejects.toMatchObject({
      name: expect.stringMatching(/CorruptRunError|InputNotFoundError/),
    });
  });

  it('is one whose shuffle object was changed', async () => {
    const { store, execute, invoke } = await createSamplePipeline();
    const result = execute(readEvent('execution.json'), (state, event) => {
      const [name, bytes] = [...store.objects].find(([key]) => key.includes('/shuffle/')) ?? [];
      if (state === 'ReducePartition' && name !== undefined && bytes !== undefined) {
        store.objects.set(
          name,
          bytes.map((byte) => byte ^ 1),
        );
      }
      return invoke(state, event);
    });
    await expect(result).rejects.toMatchObject({
      name: 'CorruptRunError',
      message: expect.stringContaining('segment at byte'),
    });
  });

  it('is one whose input changes after the plan', async () => {
    const { store, execute, invoke } = await createSamplePipeline();
    const result = execute(readEvent('execution.json'), async (state, event) => {
      if (state === 'MapSplit')
        await putText(store, 'my-raw-bucket', 'events/2025/12/01/file08.jsonl', 'changed');
      return invoke(state, event);
    });
    await expect(result).rejects.toMatchObject({ name: 'InputChangedError' });
  });
});
