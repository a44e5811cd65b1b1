import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { failCalls, type S3Call, type S3Server, startS3Server } from '@mapreduce/shared-utils/testing';
import { createWorkspace, mapreduce, readCounts } from '../mapreduce';
import { createPipeline } from '../run-in-memory';
import { ARN, runScript, startStepFunctions } from './run-script';

const workspace = createWorkspace();
let server: S3Server;
let stepFunctions: Awaited<ReturnType<typeof startStepFunctions>>;

/** An account: S3, and a state machine that runs the real handlers over what is in it. */
beforeAll(async () => {
  server = await startS3Server({ buckets: ['raw', 'my-temp-bucket', 'my-output-bucket'] });
  stepFunctions = await startStepFunctions(async ({ body }) => {
    const { store, execute } = createPipeline({ maxBadRecords: 10 });
    for (const [name, bytes] of server.objects) store.objects.set(name, bytes);
    const output = await execute(JSON.parse(body.input) as object);
    for (const [name, bytes] of store.objects) server.objects.set(name, bytes);
    return { body: { executionArn: 'arn', status: 'SUCCEEDED', output: JSON.stringify(output) } };
  });
});
afterAll(async () => {
  await stepFunctions.close();
  await server.close();
});

let execution: string;
beforeAll(async () => {
  const input = await runScript('put-sample.mjs', ['--bucket', 'raw'], server);
  const started = await runScript('start-execution.mjs', ['--state-machine-arn', ARN, '--input', '-'], {
    endpoint: stepFunctions.endpoint,
    stdin: input.stdout,
  });
  expect(started).toMatchObject({ code: 0, stderr: '' });
  execution = started.stdout;
});

const readTo = (directory: string, args = ['--execution', '-'], stdin = execution) =>
  runScript('read-outputs.mjs', [...args, '--out', directory], { endpoint: server.endpoint, stdin });
const inWorkspace = (name: string) => path.join(workspace, name);
const firstKey = () => (JSON.parse(execution) as { output_key: string }[])[0]?.output_key ?? '';
const prefix = () => firstKey().slice(0, firstKey().lastIndexOf('/') + 1);

describe('put-sample, start-execution and read-outputs, one after the other', () => {
  it('give a directory that the command line reads, with the counts of a local run', async () => {
    const out = inWorkspace('counts');
    const { code, stdout } = await readTo(out);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Copied run .*: 132 URLs in 31 files, counts sum to 2009\.\n/);
    expect(await mapreduce(['verify', out])).toMatchObject({ code: 0 });
    const local = inWorkspace('local');
    const samples = path.resolve(__dirname, '../../../../samples/access-log');
    await mapreduce(['run', samples, '--out', local, '--max-bad-records', '2', '--num-buckets', '32']);
    expect(readCounts(out)).toEqual(readCounts(local));
    const rejects = JSON.parse(readFileSync(path.join(out, 'manifest.json'), 'utf8')).rejects as unknown[];
    expect(rejects.length).toBeGreaterThan(0);
    expect(readFileSync(path.join(out, 'rejects/0.jsonl'), 'utf8')).toContain('malformed_json');
  });

  it('take bucket and prefix for the place of an output, and the output of a batch execution', async () => {
    const manifest = JSON.stringify({
      manifest_bucket: 'my-output-bucket',
      manifest_key: `${prefix()}manifest.json`,
    });
    for (const [name, args, stdin] of [
      ['by-prefix', ['--bucket', 'my-output-bucket', '--prefix', prefix()], ''],
      ['by-folder', ['--bucket', 'my-output-bucket', '--prefix', prefix().slice(0, -1)], ''],
      ['by-manifest', ['--execution', '-'], manifest],
    ] as const) {
      expect(await readTo(inWorkspace(name), [...args], stdin)).toMatchObject({ code: 0 });
      expect(existsSync(path.join(inWorkspace(name), 'manifest.json'))).toBe(true);
    }
  });
});

describe('scripts/read-outputs.mjs', () => {
  const isBucketFile = ({ objectKey }: S3Call) => objectKey === firstKey();
  afterEach(() => server.injectFaults(() => undefined));

  it('reads again what broke off', async () => {
    server.injectFaults(failCalls({ isMeant: isBucketFile, to: 2 }, { kind: 'cut', afterBytes: 5 }));
    const out = inWorkspace('broken-off');
    expect(await readTo(out)).toMatchObject({ code: 0 });
    expect(await mapreduce(['verify', out])).toMatchObject({ code: 0 });
  });

  it('leaves no manifest where a file is not what the manifest says', async () => {
    const name = `my-output-bucket/${firstKey()}`;
    const written = server.objects.get(name) as Uint8Array;
    server.objects.set(name, Buffer.from('{}'));
    const out = inWorkspace('changed');
    const { code, stderr } = await readTo(out);
    server.objects.set(name, written);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^read-outputs: s3:\/\/my-output-bucket\/.*: expected SHA-256 [0-9a-f]{64}, got/);
    expect(existsSync(path.join(out, 'manifest.json'))).toBe(false);
  });

  it('fails where there is no manifest, and makes nothing', async () => {
    const out = inWorkspace('none');
    const { code, stderr } = await readTo(out, ['--bucket', 'my-output-bucket', '--prefix', 'other/']);
    expect(code).toBe(2);
    expect(stderr).toContain(
      's3://my-output-bucket/other/manifest.json: expected the manifest of a finished run',
    );
    expect(existsSync(out)).toBe(false);
  });

  it('writes into no directory that holds something', async () => {
    expect(await readTo(inWorkspace('local'))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('expected an empty directory'),
    });
  });

  it('writes nothing under a name that an output does not have', async () => {
    const manifest = JSON.parse(
      Buffer.from(server.objects.get(`my-output-bucket/${prefix()}manifest.json`) ?? []).toString(),
    );
    manifest.outputs[0].output_key = 'reduce-output/..';
    server.objects.set('my-output-bucket/forged/manifest.json', Buffer.from(JSON.stringify(manifest)));
    const { code, stderr } = await readTo(inWorkspace('forged'), [
      '--bucket',
      'my-output-bucket',
      '--prefix',
      'forged',
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain('expected a key of an output');
  });

  it.each([
    ['an execution that counted nothing', '[]', 'use --bucket and --prefix'],
    ['another document', '{"a":1}', 'expected the output of an execution'],
    ['what is no JSON', 'oops', 'expected JSON'],
  ])('fails for %s', async (_, stdin, message) => {
    const { code, stderr } = await readTo(inWorkspace('refused'), ['--execution', '-'], stdin);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
