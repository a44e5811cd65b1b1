import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { type S3Server, startS3Server } from '@mapreduce/shared-utils/testing';
import { awsEnvironment } from './aws-environment';

const ROOT = path.resolve(__dirname, '../../..');
const EXECUTION = path.join(ROOT, 'events/execution.json');

function runScript(name: string, args: readonly string[], endpoint = 'http://127.0.0.1:9') {
  const child = spawn(process.execPath, [path.join(ROOT, 'scripts', name), ...args], {
    env: awsEnvironment(endpoint),
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text: Buffer) => {
    stdout += text.toString();
  });
  child.stderr.on('data', (text: Buffer) => {
    stderr += text.toString();
  });
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, stdout, stderr })),
  );
}

describe('scripts/put-sample.mjs', () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await startS3Server({ buckets: ['raw'] });
  });
  afterAll(() => server.close());

  it('uploads the sample and prints an execution input that names it', async () => {
    const { code, stdout } = await runScript(
      'put-sample.mjs',
      ['--bucket', 'raw', '--prefix', 'in/'],
      server.endpoint,
    );
    expect(code).toBe(0);
    const names = ['file00.jsonl', 'file08.jsonl', 'file16.jsonl.gz'];
    expect(JSON.parse(stdout)).toEqual({
      input_files: names.map((name) => ({ bucket: 'raw', key: `in/${name}` })),
    });
    for (const name of names) {
      const uploaded = Buffer.from(server.objects.get(`raw/in/${name}`) ?? []);
      expect(uploaded.equals(readFileSync(path.join(ROOT, 'samples/access-log', name)))).toBe(true);
    }
  });
});

describe('scripts/start-execution.mjs', () => {
  let server: Server;
  let requests: { target: unknown; body: { input: string } }[];
  let answer: object;

  /** The one call that is made; its shape is that of the Step Functions API. */
  beforeEach(async () => {
    requests = [];
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (text: Buffer) => {
        body += text.toString();
      });
      request.on('end', () => {
        requests.push({ target: request.headers['x-amz-target'], body: JSON.parse(body) });
        response.setHeader('content-type', 'application/x-amz-json-1.0').end(JSON.stringify(answer));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  const start = () =>
    runScript(
      'start-execution.mjs',
      ['--state-machine-arn', 'arn:aws:states:ap-south-1:123456789012:stateMachine:m', '--input', EXECUTION],
      `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    );

  it('starts one synchronous execution and prints its output', async () => {
    const output = [{ output_bucket: 'my-output-bucket', output_key: 'reduce-output/r/bucket_6.json' }];
    answer = { executionArn: 'arn', status: 'SUCCEEDED', output: JSON.stringify(output) };
    const { code, stdout } = await start();
    expect(JSON.parse(stdout)).toEqual(output);
    expect(code).toBe(0);
    expect(requests).toHaveLength(1);
    expect(requests[0]?.target).toBe('AWSStepFunctions.StartSyncExecution');
    expect(JSON.parse(requests[0]?.body.input ?? '')).toEqual(JSON.parse(readFileSync(EXECUTION, 'utf8')));
  });

  it('fails when the execution failed, although the call succeeded', async () => {
    answer = { executionArn: 'arn', status: 'FAILED', error: 'InputNotFoundError', cause: 'no such object' };
    expect(await start()).toMatchObject({
      code: 2,
      stdout: '',
      stderr: 'FAILED: InputNotFoundError: no such object\n',
    });
  });
});

describe('every script', () => {
  it.each(['put-sample.mjs', 'start-execution.mjs'])('explains itself: %s', async (name) => {
    expect(await runScript(name, ['--help'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Usage: /),
    });
    expect(await runScript(name, [])).toMatchObject({ code: 1, stderr: expect.stringMatching(/^Usage: /) });
    expect(await runScript(name, ['--nope'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^[a-z-]+: Unknown option '--nope'/),
    });
  });
});
