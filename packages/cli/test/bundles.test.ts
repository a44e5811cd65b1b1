import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type S3Server, startS3Server } from '@mapreduce/shared-utils/testing';
import { awsEnvironment } from './aws-environment';

const ROOT = path.resolve(__dirname, '../../..');
const readEvent = (name: string) =>
  JSON.parse(readFileSync(path.join(ROOT, 'events', name), 'utf8')) as object;

let server: S3Server;

beforeAll(async () => {
  server = await startS3Server({ buckets: ['my-raw-bucket', 'my-temp-bucket', 'my-output-bucket'] });
  for (const name of ['file00.jsonl', 'file08.jsonl']) {
    server.objects.set(
      `my-raw-bucket/events/2025/12/01/${name}`,
      readFileSync(path.join(ROOT, 'samples/access-log', name)),
    );
  }
});

afterAll(() => server.close());

/** Invokes the bundle that `pnpm build` made, in a process of its own, with the environment of a Lambda. */
function invoke(stage: string, event: object): Promise<{ result: unknown; log: string }> {
  const bundle = path.join(ROOT, 'packages', stage, 'dist/handler.mjs');
  const child = fork(path.join(__dirname, 'invoke-bundle.mjs'), [bundle, JSON.stringify(event)], {
    silent: true,
    env: {
      ...awsEnvironment(server.endpoint),
      BUCKET_TEMP: 'my-temp-bucket',
      BUCKET_OUTPUT: 'my-output-bucket',
      MAX_BAD_RECORDS: '2',
    },
  });
  let result: unknown;
  let log = '';
  child.on('message', (message) => {
    result = message;
  });
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (text: Buffer) => {
      log += text.toString();
    });
  return new Promise((resolve, reject) =>
    child.on('close', (code) => (code === 0 ? resolve({ result, log }) : reject(new Error(log)))),
  );
}

describe('the built Lambda bundles', () => {
  it('run the sample events against S3 through the real SDK', async () => {
    expect((await invoke('planner', readEvent('planner.json'))).result).toEqual({
      run_id: 'sample-run',
      splits: [0],
    });
    const { result, log } = await invoke('mapper', readEvent('mapper.json'));
    expect(result).toEqual({ split: 0 });
    const { partitions } = (await invoke('grouping', readEvent('grouping.json'))).result as {
      partitions: number[];
    };
    for (const partition of partitions) {
      const { result: output } = await invoke('reducer', { ...readEvent('reducer.json'), partition });
      expect(output).toEqual({
        output_bucket: 'my-output-bucket',
        output_key: `reduce-output/sample-run/bucket_${partition}.json`,
      });
    }
    expect((await invoke('committer', readEvent('committer.json'))).result).toMatchObject({
      lines: 1213,
      total: 1209,
    });
    expect([...server.objects.keys()].filter((name) => name.startsWith('my-temp-bucket/'))).toEqual([
      'my-temp-bucket/runs/sample-run/plan.json',
    ]);

    // One structured event a line, and no URL in any of them.
    const events = log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events).toContainEqual(
      expect.objectContaining({ level: 'INFO', service: 'mapper', run_id: 'sample-run', split: 0 }),
    );
    expect(log).not.toContain('shop.example');
  });
});
