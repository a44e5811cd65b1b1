import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type S3Server, startS3Server } from '@mapreduce/shared-utils/testing';
import { invokeBundle, type StageName } from './lambda-bundle';

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

const invoke = (stage: StageName, event: object) =>
  invokeBundle(server, stage, event, { MAX_BAD_RECORDS: '2' });

describe('the built Lambda bundles', () => {
  it('run the sample events against S3 through the real SDK', async () => {
    expect((await invoke('planner', readEvent('planner.json'))).result).toEqual({
      run_id: 'sample-run',
      splits: [0],
    });
    expect((await invoke('mapper', readEvent('mapper.json'))).result).toEqual({ split: 0 });
    const { partitions } = (await invoke('grouping', readEvent('grouping.json'))).result as {
      partitions: number[];
    };
    expect(partitions).toContain((readEvent('reducer.json') as { partition: number }).partition);
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
  });
});
