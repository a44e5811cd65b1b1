import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ARN, ROOT, runScript, type StartRequest, startStepFunctions } from './run-script';

const EXECUTION = path.join(ROOT, 'events/execution.json');
const OUTPUT = [{ output_bucket: 'my-output-bucket', output_key: 'reduce-output/r/bucket_6.json' }];
const SUCCEEDED = { executionArn: 'arn', status: 'SUCCEEDED', output: JSON.stringify(OUTPUT) };

let endpoint: Awaited<ReturnType<typeof startStepFunctions>>;
let answer: (request: StartRequest) => { status?: number; body: object } | null;

beforeEach(async () => {
  answer = () => ({ body: SUCCEEDED });
  endpoint = await startStepFunctions(async (request) => answer(request));
});
afterEach(() => endpoint.close());

const start = (input = EXECUTION, stdin = '') =>
  runScript('start-execution.mjs', ['--state-machine-arn', ARN, '--input', input], {
    endpoint: endpoint.endpoint,
    stdin,
  });

describe('scripts/start-execution.mjs', () => {
  it('starts one synchronous execution and prints its output', async () => {
    const { code, stdout } = await start();
    expect(JSON.parse(stdout)).toEqual(OUTPUT);
    expect(code).toBe(0);
    expect(endpoint.requests).toHaveLength(1);
    const [{ target, body } = { target: '', body: { input: '', stateMachineArn: '' } }] = endpoint.requests;
    expect(target).toBe('AWSStepFunctions.StartSyncExecution');
    expect(body.stateMachineArn).toBe(ARN);
    expect(JSON.parse(body.input)).toEqual(JSON.parse(readFileSync(EXECUTION, 'utf8')));
  });

  it('asks in the region of the state machine, whatever that of the environment', async () => {
    await start();
    expect(endpoint.requests[0]?.authorization).toContain('/eu-west-1/states/aws4_request');
  });

  it('takes the input from standard input', async () => {
    expect(await start('-', '{"input_prefixes":[]}')).toMatchObject({ code: 0 });
    expect(endpoint.requests[0]?.body.input).toBe('{"input_prefixes":[]}');
  });

  it.each(['FAILED', 'TIMED_OUT'])(
    'fails when the execution has %s, although the call succeeded',
    async (status) => {
      answer = () => ({
        body: { executionArn: 'arn', status, error: 'InputNotFoundError', cause: 'no\u001b[2J such' },
      });
      expect(await start()).toEqual({
        code: 2,
        stdout: '',
        stderr: `${status}: InputNotFoundError: no\\u001b[2J such\n`,
      });
    },
  );

  it('does not ask again where no answer comes, and says that the job may be running', async () => {
    answer = () => null;
    const { code, stdout, stderr } = await start();
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(
      /^start-execution: expected an answer, got none \(.*\); the execution may be running or done/,
    );
    expect(endpoint.requests).toHaveLength(1);
  });

  it.each([
    [503, 'ServiceUnavailable', /ServiceUnavailable/],
    [400, 'ThrottlingException', /ThrottlingException/],
    [400, 'StateMachineDoesNotExist', /StateMachineDoesNotExist/],
    [
      400,
      'StateMachineTypeNotSupported',
      /expected an Express state machine.*aws stepfunctions start-execution/,
    ],
  ])('asks once where the answer is %d %s', async (status, type, message) => {
    answer = () => ({
      status,
      body: { __type: `com.amazonaws.swf.service.v2.model#${type}`, message: 'refused' },
    });
    const { code, stdout, stderr } = await start();
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('may be running');
    expect(endpoint.requests).toHaveLength(1);
  });

  it('says so where nobody listens', async () => {
    const { code, stderr } = await runScript('start-execution.mjs', [
      '--state-machine-arn',
      ARN,
      '--input',
      EXECUTION,
    ]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^start-execution: .*ECONNREFUSED/);
  });

  it.each([
    ['no JSON', 'input', /^start-execution: -: expected JSON, got /],
    ['a list', '[]', /expected a JSON object/],
    [
      'more than an execution takes',
      `{"a":"${'x'.repeat(256 * 1024)}"}`,
      /expected at most 262144 bytes, got 262152/,
    ],
  ])('starts nothing with %s for input', async (_, stdin, message) => {
    const { code, stderr } = await start('-', stdin);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(endpoint.requests).toEqual([]);
  });
});
