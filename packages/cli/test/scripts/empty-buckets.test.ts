import { failCalls, type S3Server, startS3Server } from '@mapreduce/shared-utils/testing';
import { runScript } from './run-script';

let server: S3Server;
beforeEach(async () => {
  server = await startS3Server({ buckets: ['temp', 'output', 'raw'] });
});
afterEach(() => server.close());

const empty = (args: readonly string[], stdin = '') =>
  runScript('empty-buckets.mjs', args, { endpoint: server.endpoint, stdin });
const ask = (path: string, init: RequestInit) => fetch(`${server.endpoint}/${path}`, init);
const put = (bucket: string, key: string, content = 'x') =>
  server.objects.set(`${bucket}/${key}`, Buffer.from(content));
const begin = (bucket: string, key: string) => ask(`${bucket}/${key}?uploads`, { method: 'POST' });
const written = () => server.calls.filter(({ method }) => method !== 'GET').length;

async function fillVersioned() {
  const body = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>';
  await ask('output?versioning', { method: 'PUT', body });
  for (const content of ['1', '22', '333']) await ask('output/a', { method: 'PUT', body: content });
  await ask('output/b', { method: 'PUT', body: 'gone' });
  await ask('output/b', { method: 'DELETE' });
  await begin('output', 'c');
}

const OUTPUTS = JSON.stringify([
  { OutputKey: 'StateMachineArn', OutputValue: 'arn', Description: 'x' },
  { OutputKey: 'TempBucketName', OutputValue: 'temp', Description: 'x' },
  { OutputKey: 'OutputBucketName', OutputValue: 'output', Description: 'x' },
  { OutputKey: 'InputBucketName', OutputValue: 'raw', Description: 'x' },
]);

describe('scripts/empty-buckets.mjs', () => {
  it('says what is there, and deletes nothing of it', async () => {
    await fillVersioned();
    for (let run = 0; run < 7; run++) put('temp', `runs/${run}`);
    const before = written();
    expect(await empty(['temp', 'output', 'raw'])).toEqual({
      code: 0,
      stderr: '',
      stdout: [
        's3://temp: has 7 versions of objects (7 bytes), 0 delete markers, 0 unfinished uploads',
        ...['  runs/0', '  runs/1', '  runs/2', '  runs/3', '  runs/4'],
        's3://output: has 4 versions of objects (10 bytes), 1 delete markers, 1 unfinished uploads',
        ...['  a', '  a', '  a', '  b'],
        's3://raw: has nothing',
        'Nothing was deleted; add --yes to delete all of it for good.\n',
      ].join('\n'),
    });
    expect(written()).toBe(before);
  });

  it('deletes all versions, delete markers and uploads with --yes, and nothing of another bucket', async () => {
    await fillVersioned();
    put('raw', 'kept');
    await begin('raw', 'kept-too');
    expect(await empty(['output', '--yes'])).toEqual({
      code: 0,
      stderr: '',
      stdout:
        's3://output: deleted 4 versions of objects (10 bytes), 1 delete markers, 1 unfinished uploads\n',
    });
    expect([...server.objects.keys()]).toEqual(['raw/kept']);
    expect(server.countUploads()).toBe(1);
    expect((await empty(['output'])).stdout).toContain('s3://output: has nothing\n');
  });

  it('deletes page by page, whatever the keys', async () => {
    const odd = ['a b+c%20', 'new\nline', 'é😀', '<&>"\'', '#?'];
    for (const key of odd) put('temp', key);
    for (let index = 0; index < 2100; index++) put('temp', `many/${index}`);
    expect((await empty(['temp', '--yes'])).stdout).toContain('deleted 2105 versions');
    expect(server.objects.size).toBe(0);
    const deleted = server.calls.filter(({ operation }) => operation === 'DeleteObjects');
    expect(deleted).toHaveLength(3);
  });

  it('empties the buckets that a stack has made, and never that of the input', async () => {
    for (const bucket of ['temp', 'output', 'raw']) put(bucket, 'a');
    const { code } = await empty(['--yes', '--stack-outputs', '-'], OUTPUTS);
    expect(code).toBe(0);
    expect([...server.objects.keys()]).toEqual(['raw/a']);
  });

  it.each([
    [
      'outputs of another stack',
      '[{"OutputKey":"A","OutputValue":"raw"}]',
      /expected stack outputs with TempBucketName/,
    ],
    ['another document', '{}', /expected stack outputs with TempBucketName/],
    ['no JSON', 'oops', /expected JSON/],
  ])('touches nothing given %s', async (_, stdin, message) => {
    put('raw', 'a');
    const { code, stderr } = await empty(['--yes', '--stack-outputs', '-'], stdin);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(server.calls).toEqual([]);
  });

  it('fails where S3 refuses, with the name of the bucket that there is not', async () => {
    expect(await empty(['none', '--yes'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^empty-buckets: s3:\/\/none: NoSuchBucket/),
    });
    put('temp', 'a');
    const isMeant = ({ operation }: { operation: string }) => operation === 'DeleteObjects';
    server.injectFaults(failCalls({ isMeant }, { kind: 'status', status: 403, code: 'AccessDenied' }));
    expect(await empty(['temp', '--yes'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^empty-buckets: s3:\/\/temp: AccessDenied/),
    });
  });
});
