import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { connectStore, type S3Server, startS3Server } from '@mapreduce/shared-utils/testing';
import { createHandlerByState } from '../src/local/stages';
import { executeExpress } from '../src/local/state-machine';
import { createWorkspace, mapreduce } from './mapreduce';
import { createPipeline } from './run-in-memory';
import { type AwsServer, stackWith, startAwsServer } from './step-functions-server';

const workspace = createWorkspace();
let server: S3Server;
let aws: AwsServer;

beforeAll(async () => {
  server = await startS3Server({ buckets: ['raw', 'my-temp-bucket', 'my-output-bucket'] });
  aws = await startAwsServer({
    DescribeStacks: stackWith({
      ExpressStateMachineArn: 'e',
      BatchStateMachineArn: 'b',
      TempBucketName: 'my-temp-bucket',
      OutputBucketName: 'my-output-bucket',
    }),
  });
  server.objects.set('raw/a', Buffer.from('{"url":"a"}\n{"url":"b"}\n{\n{"url":"a"}\n'));
  const { deps } = createPipeline({ numBuckets: 4, maxBadRecords: 1 });
  const store = connectStore(server);
  await executeExpress(
    { input_files: [{ bucket: 'raw', key: 'a' }], output_prefix: 'runs/r' },
    {
      executionId: 'arn:r',
      runTask: (state, event) => createHandlerByState[state]({ ...deps, store })(event),
      signal: new AbortController().signal,
    },
  );
  store.destroy();
});
afterAll(() => Promise.all([server.close(), aws.close()]));

const environment = () => ({
  AWS_ENDPOINT_URL_S3: server.endpoint,
  AWS_ENDPOINT_URL_CLOUDFORMATION: aws.endpoint,
  AWS_REGION: 'ap-south-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
});
const command = (...args: string[]) => mapreduce(args, { env: environment() });

describe('mapreduce fetch', () => {
  it('brings an output that verifies', async () => {
    const out = path.join(workspace, 'fetched');
    const { code, stdout, stderr } = await command('fetch', 's3://my-output-bucket/runs/r', '--out', out);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Fetched \d buckets, 2 URLs, 3 counted, into .*; checksums hold\.\n$/);
    expect(readdirSync(path.join(out, 'rejects'))).toEqual(['0.jsonl']);
    expect((await command('verify', out)).code).toBe(0);
    const names = readdirSync(out).filter((name) => name.startsWith('bucket_'));
    for (const name of names) {
      const remote = server.objects.get(`my-output-bucket/runs/r/${name}`) ?? Buffer.of();
      expect(Buffer.compare(readFileSync(path.join(out, name)), remote)).toBe(0);
    }
  });

  it('leaves nothing of an output of which an object was changed', async () => {
    const [name = ''] = [...server.objects.keys()].filter((key) => /bucket_\d+\.json$/.test(key));
    const content = server.objects.get(name) ?? Buffer.of();
    server.objects.set(name, Buffer.from('{"a":9}'));
    const out = path.join(workspace, 'changed');
    const { code, stderr } = await command('fetch', 's3://my-output-bucket/runs/r/', '--out', out);
    server.objects.set(name, content);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /bucket_\d\.json: expected SHA-256 \w+, as the manifest says, got \w+; run the job again/,
    );
    expect(readdirSync(workspace)).not.toContain('changed');
  });

  it.each([
    ['s3://my-output-bucket/none/', /s3:\/\/my-output-bucket\/none\/manifest\.json: /],
    ['counts', /"counts": expected where a run's manifest\.json lies/],
  ])('says that there is no output at %s', async (uri, message) => {
    const { code, stderr } = await command('fetch', uri, '--out', path.join(workspace, 'none'));
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});

describe('mapreduce clean', () => {
  const left = () =>
    [...server.objects.keys()].filter((name) => name.startsWith('my-temp-bucket/runs/')).length;

  it('shows what a run left, and deletes it only when told to', async () => {
    for (let at = 0; at < 1001; at++)
      server.objects.set(`my-temp-bucket/runs/dead/map/${at}.json`, Buffer.from('x'));
    server.objects.set('my-temp-bucket/runs/dead-2/plan.json', Buffer.from('x'));
    const before = left();
    const shown = await command('clean', 'dead', '--stack', 'urls');
    expect([shown.code, left()]).toEqual([0, before]);
    expect(shown.stdout).toBe(
      's3://my-temp-bucket/runs/dead/: 1,001 objects, 1.00 kB\nSay --yes to delete them.\nNothing was deleted.\n',
    );
    const cleaned = await command('clean', 'dead', '--stack', 'urls', '--yes');
    expect(cleaned.stdout).toMatch(/\nDeleted 1,001 objects\.\n$/);
    expect(left()).toBe(before - 1001);
    expect((await command('clean', 'dead', '--stack', 'urls', '--yes')).stdout).toMatch(
      /: 0 objects, 0 B\n$/,
    );
  });
});
