import { failCalls, type S3Server, SLOW_DOWN, startS3Server } from '@mapreduce/shared-utils/testing';
import { deploy } from './deploy-stack';
import { type Invocation, invokeBundle, type StageName } from './lambda-bundle';
import { readStack, resourcesOf } from './read-stack';

const RUN = 'hostile';

/** A URL that breaks out of a log line, where it gets into one. */
const HOSTILE = 'https://evil.example/?token=s3cret\n{"level":"ERROR","message":"forged"}\u2028\u001b[31m';

const records = [
  { url: HOSTILE },
  { url: [HOSTILE] },
  HOSTILE,
  { no: HOSTILE },
  ...Array.from({ length: 3000 }, (_, n) => ({ url: `${HOSTILE}${n}` })),
];
const input = `${records.map((record) => JSON.stringify(record)).join('\n')}\n{"url":"${HOSTILE}\n`;

interface Line extends Record<string, unknown> {
  readonly service?: string;
  readonly Spills?: number;
  readonly _aws?: object;
}

let server: S3Server;

beforeEach(async () => {
  server = await startS3Server({ buckets: ['my-raw-bucket', 'my-temp-bucket', 'my-output-bucket'] });
  server.objects.set('my-raw-bucket/a.jsonl', Buffer.from(input));
});

afterEach(() => server.close());

const invoke = (stage: StageName, event: object) =>
  invokeBundle(server, stage, event, { NUM_BUCKETS: '1', TABLE_BYTES: '65536', MAX_BAD_RECORDS: '0' });

function plan(limits: object): Promise<Invocation> {
  const files = { input_files: [{ bucket: 'my-raw-bucket', key: 'a.jsonl' }] };
  return invoke('planner', {
    input: { ...files, run_id: RUN, ...limits },
    execution_id: 'execution',
    machine: 'express',
  });
}

/** Each line is one JSON document, whatever stands in the input. */
function linesOf({ log }: Invocation): Line[] {
  return log
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

describe('the logs of a run', () => {
  it('name the run and its part in every line, and no URL', async () => {
    const planned = await plan({ max_bad_records: 100 });
    const work = [
      [planned, { run_id: RUN }],
      [await invoke('mapper', { run_id: RUN, split: 0 }), { run_id: RUN, split: 0 }],
      [await invoke('grouping', { run_id: RUN, group: 0 }), { run_id: RUN, group: 0 }],
      [await invoke('reducer', { run_id: RUN, partition: 0 }), { run_id: RUN, partition: 0 }],
      [await invoke('committer', { run_id: RUN }), { run_id: RUN }],
    ] as const;
    for (const [invocation, subject] of work) {
      expect(invocation.error).toBeUndefined();
      const lines = linesOf(invocation);
      expect(lines).toHaveLength(2);
      for (const line of lines) {
        const { run_id, split, group, partition } = line;
        const found = { run_id, split, group, partition };
        // Properties of a metric are texts.
        const texts = Object.entries(subject).map(([name, value]) => [name, `${value}`]);
        expect(found).toEqual('_aws' in line ? Object.fromEntries(texts) : subject);
      }
      expect(lines[0]).toMatchObject({ level: 'INFO', function_request_id: 'request' });
      expect(invocation.log).not.toMatch(/evil|s3cret|forged/);
    }
  });

  it('name the run and the error of an invocation that fails, and no piece of a record', async () => {
    await plan({});
    await invoke('mapper', { run_id: RUN, split: 0 });
    await invoke('grouping', { run_id: RUN, group: 0 });
    await invoke('reducer', { run_id: RUN, partition: 0 });
    const failed = await invoke('committer', { run_id: RUN });
    expect(failed.error).toMatchObject({
      name: 'ErrorBudgetExceededError',
      message: expect.stringContaining('evil.example'),
    });
    expect(linesOf(failed)).toMatchObject([
      { level: 'ERROR', message: 'invocation failed', run_id: RUN, error: 'ErrorBudgetExceededError' },
      { _aws: {}, run_id: RUN },
    ]);
    expect(failed.log).not.toContain('evil.example');
  });
});

describe('the metrics of a run', () => {
  it('count what was done, and what had to be asked of S3 again', async () => {
    await plan({ max_bad_records: 100 });
    server.injectFaults(failCalls({ from: 2, to: 3 }, SLOW_DOWN));
    const [, mapped] = linesOf(await invoke('mapper', { run_id: RUN, split: 0 }));
    expect(mapped).toMatchObject({
      service: 'mapper',
      Splits: 1,
      Lines: 3006,
      Bytes: Buffer.byteLength(input),
      BadRecords: 5,
      Spills: expect.any(Number),
      StoreRetries: 2,
      Duration: expect.any(Number),
    });
    expect(mapped?.Spills).toBeGreaterThan(1);
    expect(mapped?._aws).toMatchObject({
      CloudWatchMetrics: [{ Namespace: 'MapReduce/stack', Dimensions: [['service']] }],
    });

    await invoke('grouping', { run_id: RUN, group: 0 });
    const [, reduced] = linesOf(await invoke('reducer', { run_id: RUN, partition: 0 }));
    expect(reduced).toMatchObject({ service: 'reducer', Partitions: 1, Urls: 3001, StoreRetries: 0 });
    expect(reduced?.Spills).toBeGreaterThan(1);

    const published = [mapped, reduced].flatMap((line = {}) =>
      Object.keys(line).map((name) => `${name} of ${line.service}`),
    );
    expect(watchedMetrics().filter((metric) => !published.includes(metric))).toEqual([]);
  });

  it('do not count what another attempt had done', async () => {
    await plan({ max_bad_records: 100 });
    await invoke('mapper', { run_id: RUN, split: 0 });
    const lines = linesOf(await invoke('mapper', { run_id: RUN, split: 0 }));
    expect(lines).toEqual([expect.objectContaining({ service: 'mapper', run_id: RUN, StoreRetries: 0 })]);
    expect(lines[0]).not.toHaveProperty('Lines');
  });
});

/** Those of our own that the dashboard shows or an alarm watches, of the stages that do the work. */
function watchedMetrics(): string[] {
  const stack = readStack('template.yaml');
  const watching = ['AWS::CloudWatch::Dashboard', 'AWS::CloudWatch::Alarm'].flatMap((type) =>
    Object.values(resourcesOf(stack, type)).map(({ Properties }) => deploy(stack, {}, Properties)),
  );
  const shown = watching.flatMap(({ DashboardBody, Namespace, MetricName, Dimensions }) => {
    if (DashboardBody === undefined) return [[Namespace, MetricName, 'service', Dimensions?.[0]?.Value]];
    return JSON.parse(DashboardBody).widgets.flatMap(
      ({ properties }: { properties: { metrics: unknown[][] } }) => properties.metrics,
    );
  });
  const own = shown.filter(([namespace]) => namespace === 'MapReduce/stack');
  expect(own).toHaveLength(13);
  return own
    .filter(([, , , stage]) => stage === 'mapper' || stage === 'reducer')
    .map(([, metric, , stage]) => `${metric} of ${stage}`);
}
