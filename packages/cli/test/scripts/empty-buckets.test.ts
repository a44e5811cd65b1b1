import { failCalls, type S3Server, startS3Server } from '@mapreduce/shared-utils/testing';
import { type AwsAnswer, startAwsServer } from '../step-functions-server';
import { runScript } from './run-script';

let server: S3Server;
beforeEach(async () => {
  server = await startS3Server({ buckets: ['temp', 'output', 'raw'] });
});
afterEach(() => server.close());

const empty = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  runScript('empty-buckets.mjs', args, { endpoint: server.endpoint, env });
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

/** What CloudFormation says of a stack, for the time of one call. */
async function emptyStack(answer: AwsAnswer) {
  const aws = await startAwsServer({ DescribeStacks: answer });
  try {
    return await empty(['--yes', '--stack', 'urls'], { AWS_ENDPOINT_URL_CLOUDFORMATION: aws.endpoint });
  } finally {
    await aws.close();
  }
}

function stackOf(parameters: Record<string, string>, outputs: Record<string, string>): AwsAnswer {
  const format = (kind: string, fields: Record<string, string>) =>
    Object.entries(fields).map(
      ([key, value]) =>
        `<member><${kind}Key>${key}</${kind}Key><${kind}Value>${value}</${kind}Value></member>`,
    );
  const members = [
    `<Parameters>${format('Parameter', parameters).join('')}</Parameters>`,
    `<Outputs>${format('Output', outputs).join('')}</Outputs>`,
  ];
  return { body: `<Stacks><member><StackName>urls</StackName>${members.join('')}</member></Stacks>` };
}

const PARAMETERS = { InputBucketName: 'raw', ExistingTempBucket: '', ExistingOutputBucket: '' };
const OUTPUTS = { BatchStateMachineArn: 'arn', TempBucketName: 'temp', OutputBucketName: 'output' };

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

  it.each([
    ['both', {}, ['raw/a']],
    ['no temp bucket that it was given', { ExistingTempBucket: 'temp' }, ['temp/a', 'raw/a']],
    ['no output bucket that it was given', { ExistingOutputBucket: 'output' }, ['output/a', 'raw/a']],
  ])(
    'empties the buckets that a stack has created: %s, and never that of the input',
    async (_, given, left) => {
      for (const bucket of ['temp', 'output', 'raw']) put(bucket, 'a');
      expect(await emptyStack(stackOf({ ...PARAMETERS, ...given }, OUTPUTS))).toMatchObject({
        code: 0,
        stderr: '',
      });
      expect([...server.objects.keys()]).toEqual(left);
    },
  );

  it.each<[string, AwsAnswer, RegExp]>([
    ['another stack', stackOf({}, { Bucket: 'raw' }), /expected the root stack of this project/],
    [
      'a nested stack, which does not know whose the buckets are',
      stackOf({}, OUTPUTS),
      /expected the root stack/,
    ],
    [
      'a stack that was given all of them',
      stackOf({ ...PARAMETERS, ExistingTempBucket: 'temp', ExistingOutputBucket: 'output' }, OUTPUTS),
      /expected buckets that it has created, got none/,
    ],
    [
      'a stack that there is not',
      { status: 400, type: 'ValidationError', message: 'Stack with id urls does not exist' },
      /does not exist/,
    ],
  ])('touches nothing given %s', async (_, answer, message) => {
    const { code, stderr } = await emptyStack(answer);
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
