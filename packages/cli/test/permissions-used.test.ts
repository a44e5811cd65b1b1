import { PutBucketVersioningCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { failCalls, type S3Server, startS3Server } from '@mapreduce/shared-utils/testing';
import { invokeBundle, STAGES, type StageName } from './lambda-bundle';
import { PERMISSIONS } from './permission-table';

const RUN = 'run';
const INPUT = 'input';
const SETTINGS = { BUCKET_TEMP: 'TempBucket', BUCKET_OUTPUT: 'OutputBucket', NUM_BUCKETS: '1' };

/** What S3 asks for before it does something. */
const ACTIONS: Record<string, string> = {
  GetObject: 's3:GetObject',
  HeadObject: 's3:GetObject',
  PutObject: 's3:PutObject',
  CreateMultipartUpload: 's3:PutObject',
  UploadPart: 's3:PutObject',
  CompleteMultipartUpload: 's3:PutObject',
  AbortMultipartUpload: 's3:AbortMultipartUpload',
  DeleteObjects: 's3:DeleteObject',
  ListObjectsV2: 's3:ListBucket',
};

type Call = S3Server['calls'][number];

let server: S3Server;
const used = new Map<StageName, Set<string>>(STAGES.map((stage) => [stage, new Set()]));

const refuseSecondPart = failCalls(
  { isMeant: ({ operation, query }) => operation === 'UploadPart' && query.get('partNumber') === '2' },
  { kind: 'status', status: 403, code: 'AccessDenied' },
);

/** Every stage in good and bad times: each call is noted with what it takes to be allowed. */
beforeAll(async () => {
  server = await startS3Server({ buckets: [INPUT, 'TempBucket', 'OutputBucket'] });
  const lines = Array.from({ length: 2400 }, (_, n) => JSON.stringify({ url: `${n}${'x'.repeat(10_000)}` }));
  server.objects.set(`${INPUT}/a.jsonl`, Buffer.from(`${lines.join('\n')}\n{}\n`));

  server.injectFaults(refuseSecondPart);
  // So many splits that their list goes up in parts.
  await plan({}, { SPLIT_BYTES: '200' });
  server.injectFaults(() => undefined);
  await plan();
  await invoke('grouping', { run_id: RUN, group: 0 });
  await failThenSucceed('mapper', { run_id: RUN, split: 0 });
  const undo = repeatSegments();
  server.injectFaults(refuseSecondPart);
  await invoke('grouping', { run_id: RUN, group: 0 });
  undo();
  server.injectFaults(() => undefined);
  await invoke('grouping', { run_id: RUN, group: 0 });
  await failThenSucceed('reducer', { run_id: RUN, partition: 0 });
  await invoke('committer', { run_id: RUN });
  expect(server.objects.has('OutputBucket/out/manifest.json')).toBe(true);

  await makeVersioned();
  await plan({
    run_id: 'versioned',
    output_prefix: 'versioned',
    input_prefixes: [],
    input_files: [{ bucket: INPUT, key: 'a.jsonl' }],
  });
  await invoke('mapper', { run_id: 'versioned', split: 0 });
});

afterAll(() => server.close());

describe('the permissions of each function', () => {
  it.each(STAGES)('are all that the %s needs, and it uses each', (stage) => {
    const role = `${stage.charAt(0).toUpperCase()}${stage.slice(1)}Role`;
    const permitted = (PERMISSIONS[role] ?? []).filter((line) => line.startsWith('s3:'));
    const asked = [...(used.get(stage) ?? [])];
    expect(asked.filter((line) => !permitted.some((permission) => covers(permission, line)))).toEqual([]);
    expect(permitted.filter((permission) => !asked.some((line) => covers(permission, line)))).toEqual([]);
  });
});

function plan(input: object = {}, settings: NodeJS.ProcessEnv = {}): Promise<void> {
  const found = { input_prefixes: [{ bucket: INPUT, prefix: '' }], run_id: RUN, output_prefix: 'out' };
  const limits = { max_bad_records: 1 };
  const event = { input: { ...found, ...limits, ...input }, execution_id: 'e', machine: 'batch' };
  return invoke('planner', event, settings);
}

async function invoke(stage: StageName, event: object, settings: NodeJS.ProcessEnv = {}): Promise<void> {
  const before = server.calls.length;
  await invokeBundle(server, stage, event, { ...SETTINGS, ...settings });
  for (const call of server.calls.slice(before)) {
    for (const line of needsOf(call)) used.get(stage)?.add(line);
  }
}

async function failThenSucceed(stage: StageName, event: object): Promise<void> {
  server.injectFaults(refuseSecondPart);
  await invoke(stage, event);
  server.injectFaults(() => undefined);
  await invoke(stage, event);
}

/** As if a mapper had emptied its table so often that the list of its segments goes up in parts. */
function repeatSegments(): () => void {
  const name = `TempBucket/runs/${RUN}/map/0.json`;
  const bytes = server.objects.get(name) ?? new Uint8Array();
  const commit = JSON.parse(Buffer.from(bytes).toString());
  const segments = Array.from({ length: 200_000 }, () => commit.segments[0]);
  server.objects.set(name, Buffer.from(JSON.stringify({ ...commit, segments })));
  return () => server.objects.set(name, bytes);
}

async function makeVersioned(): Promise<void> {
  const client = new S3Client({
    endpoint: server.endpoint,
    region: 'ap-south-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const VersioningConfiguration = { Status: 'Enabled' } as const;
  await client.send(new PutBucketVersioningCommand({ Bucket: INPUT, VersioningConfiguration }));
  await client.send(new PutObjectCommand({ Bucket: INPUT, Key: 'a.jsonl', Body: '{"url":"a"}\n' }));
  client.destroy();
}

function needsOf({ operation, bucket, objectKey, query, status }: Call): string[] {
  const action = query.has('versionId') ? 's3:GetObjectVersion' : ACTIONS[operation];
  expect([operation, action]).not.toContain(undefined);
  const arn = `arn:aws:s3:::${bucket}`;
  const listing = (prefix: string) => `s3:ListBucket ${arn} s3:prefix=${prefix}`;
  if (operation === 'ListObjectsV2') return [listing(query.get('prefix') ?? '')];
  // The keys are in the body.
  if (operation === 'DeleteObjects') return [`${action} ${arn}/runs/${RUN}/`];
  const call = `${action} ${arn}/${objectKey}`;
  return status === 404 ? [call, listing(objectKey)] : [call];
}

/** As IAM matches: `*` stands for anything. A permission without a condition covers any prefix. */
function covers(permission: string, line: string): boolean {
  const pattern = permission.replace(/[\\^$.?+()[\]{}|]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${pattern}( s3:prefix=.*)?$`, 's').test(line);
}
