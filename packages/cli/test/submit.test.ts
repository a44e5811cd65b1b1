import { type S3Server, startS3Server } from '@mapreduce/shared-utils/testing';
import { mapreduce, start } from './mapreduce';
import { type AwsAnswer, type AwsServer, stackWith, startAwsServer } from './step-functions-server';

const REGION = 'arn:aws:states:ap-south-1:123456789012';
const EXECUTION = `${REGION}:execution:batch:r`;
const MAP_RUN = `${REGION}:mapRun:batch/Map:11111111-2222-3333-4444-555555555555`;
const STACK = stackWith({
  ExpressStateMachineArn: `${REGION}:stateMachine:express`,
  BatchStateMachineArn: `${REGION}:stateMachine:batch`,
  TempBucketName: 'temp',
  OutputBucketName: 'out',
});
const OUTPUT = [{ output_bucket: 'out', output_key: 'reduce-output/r/bucket_6.json' }];

const execution = (status: string, more: object = {}): AwsAnswer => ({
  body: { executionArn: EXECUTION, status, startDate: 1_764_000_000, ...more },
});
const mapRun = (itemCounts: object): AwsAnswer => ({
  body: {
    mapRunArn: MAP_RUN,
    itemCounts: {
      total: 100,
      succeeded: 0,
      failed: 0,
      timedOut: 0,
      aborted: 0,
      running: 0,
      pending: 0,
      ...itemCounts,
    },
  },
});
const error = (status: number, type: string, message = 'said AWS'): AwsAnswer => ({ status, type, message });

describe('the commands that ask AWS', () => {
  let s3: S3Server;
  let aws: AwsServer | undefined;
  beforeAll(async () => {
    s3 = await startS3Server({ buckets: ['raw'] });
    s3.objects.set('raw/logs/a.jsonl', Buffer.from('{"url":"a"}\n'));
  });
  afterAll(() => s3.close());
  afterEach(() => aws?.close());

  const environment = () => ({
    AWS_ENDPOINT_URL_S3: s3.endpoint,
    AWS_ENDPOINT_URL_SFN: aws?.endpoint,
    AWS_ENDPOINT_URL_CLOUDFORMATION: aws?.endpoint,
    AWS_REGION: 'ap-south-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
  const run = async (answers: Parameters<typeof startAwsServer>[0], ...args: string[]) => {
    aws = await startAwsServer(answers);
    return mapreduce(args, { env: environment() });
  };
  const submit = (answers: Parameters<typeof startAwsServer>[0], ...args: string[]) =>
    run({ DescribeStacks: STACK, ...answers }, 'submit', 's3://raw/logs/', '--stack', 'urls', ...args);
  const sent = (action: string) => (aws?.requests ?? []).filter((request) => request.action === action);

  it('starts the machine that plan advises, once, under a run id of its own, and prints what it returns', async () => {
    const StartSyncExecution = {
      body: { executionArn: 'arn', status: 'SUCCEEDED', output: JSON.stringify(OUTPUT) },
    };
    const { code, stdout, stderr } = await submit(
      { StartSyncExecution },
      '--url-field',
      'u',
      '--num-buckets',
      '8',
    );
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toEqual(OUTPUT);
    const [only, ...more] = sent('StartSyncExecution');
    expect(more).toEqual([]);
    expect(only?.body).toMatchObject({ stateMachineArn: `${REGION}:stateMachine:express` });
    expect(JSON.parse(only?.body.input)).toEqual({
      input_files: [],
      input_prefixes: [{ bucket: 'raw', prefix: 'logs/' }],
      run_id: only?.body.name,
      num_buckets: 8,
      url_field: 'u',
    });
  });

  it('does not ask a second time for a synchronous execution, whatever the answer', async () => {
    const { code, stderr } = await submit({ StartSyncExecution: error(503, 'ServiceUnavailable') });
    expect(code).toBe(2);
    expect(stderr).toContain('expected an answer, got ServiceUnavailable');
    expect(sent('StartSyncExecution')).toHaveLength(1);
  });

  it.each([
    ['FAILED', 'InputNotFoundError', 's3://raw/a: expected an object, got nothing'],
    ['TIMED_OUT', undefined, undefined],
  ])('fails with an Express execution that %s', async (status, name, cause) => {
    const { code, stdout, stderr } = await submit({
      StartSyncExecution: { body: { executionArn: 'arn', status, error: name, cause } },
    });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toBe(`mapreduce: ${status}: ${name ?? 'no error'}: ${cause ?? 'no cause'}\n`);
  });

  it('starts the batch machine, and says how to follow it', async () => {
    const StartExecution = { body: { executionArn: EXECUTION, startDate: 1_764_000_000 } };
    const { code, stdout } = await submit({ StartExecution }, '--mode', 'batch', '--name', 'nightly');
    expect(code).toBe(0);
    expect(stdout).toBe(`Started ${EXECUTION}\nWatch it: mapreduce status ${EXECUTION} --watch\n`);
    expect(sent('StartExecution')[0]?.body).toMatchObject({
      name: 'nightly',
      stateMachineArn: `${REGION}:stateMachine:batch`,
    });
  });

  it('watches a batch run to its end through throttled looks, and fails as it does', async () => {
    const { code, stderr } = await run(
      {
        DescribeExecution: [
          error(400, 'ThrottlingException', 'Rate exceeded'),
          execution('RUNNING'),
          execution('FAILED', {
            stopDate: 1_764_000_060,
            error: 'States.ExceedToleratedFailureThreshold',
            cause: 'one failed',
          }),
        ],
        ListMapRuns: {
          body: {
            mapRuns: [{ executionArn: EXECUTION, mapRunArn: MAP_RUN, startDate: 1, stateMachineArn: 'm' }],
          },
        },
        DescribeMapRun: [
          mapRun({ succeeded: 25, running: 40, pending: 35 }),
          mapRun({ succeeded: 99, failed: 1 }),
        ],
      },
      'status',
      EXECUTION,
      '--watch',
    );
    expect(code).toBe(2);
    expect(stderr).toContain('  Map     25 of 100 (25.0 %), 40 running\n');
    expect(stderr).toContain('FAILED for 60.00 s\n  Map     99 of 100 (99.0 %), 1 failed\n');
    expect(stderr).toMatch(/mapreduce: FAILED: States\.ExceedToleratedFailureThreshold: one failed\n$/);
  });

  it('leaves a run going when it is left', async () => {
    aws = await startAwsServer({
      DescribeExecution: execution('RUNNING'),
      ListMapRuns: { body: { mapRuns: [] } },
    });
    const { child, finished } = start(['status', EXECUTION, '--watch'], { env: environment() });
    child.stderr?.once('data', () => child.kill('SIGINT'));
    const { code, stderr } = await finished;
    expect(code).toBe(0);
    expect(stderr).toContain(`the run goes on; come back with: mapreduce status ${EXECUTION} --watch`);
    expect(sent('StopExecution')).toEqual([]);
  });

  it('redrives and stops', async () => {
    const redriven = await run({ RedriveExecution: { body: { redriveDate: 1 } } }, 'redrive', EXECUTION);
    expect([redriven.code, redriven.stdout]).toEqual([0, `Redriven ${EXECUTION}\n`]);
    await aws?.close();
    const stopped = await run({ StopExecution: { body: { stopDate: 1 } } }, 'stop', EXECUTION);
    expect([stopped.code, stopped.stdout]).toEqual([0, `Stopped ${EXECUTION}\n`]);
  });

  it('lists the batch runs of a stack', async () => {
    const listed = {
      executionArn: EXECUTION,
      name: 'r',
      status: 'SUCCEEDED',
      startDate: 1_764_000_000,
      stateMachineArn: 'm',
    };
    const { stdout } = await run(
      { DescribeStacks: STACK, ListExecutions: { body: { executions: [listed] } } },
      'runs',
      '--stack',
      'urls',
    );
    expect(stdout).toBe(`2025-11-24T16:00:00.000Z  SUCCEEDED        ${EXECUTION}\n`);
  });

  it.each<[string, AwsAnswer, RegExp]>([
    [
      'is not there',
      error(400, 'ValidationError', 'Stack with id urls does not exist'),
      /stack "urls": expected a deployed stack, got none in this Region; check the name/,
    ],
    [
      'is another one',
      stackWith({ Url: 'x' }),
      /expected the output ExpressStateMachineArn, got Url; name the root stack/,
    ],
    [
      'may not be seen',
      error(403, 'AccessDenied'),
      /stack urls: expected to be allowed, got AccessDenied: said AWS/,
    ],
    [
      'is asked for with credentials that have expired',
      error(403, 'ExpiredToken'),
      /expected valid credentials, got ExpiredToken: said AWS; renew them/,
    ],
  ])('says what is wrong with a stack that %s', async (_, answer, message) => {
    const { code, stdout, stderr } = await submit({ DescribeStacks: answer });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
  });

  it('says that an execution is not there, or not in this Region', async () => {
    const { code, stderr } = await run(
      { DescribeExecution: error(400, 'ExecutionDoesNotExist') },
      'status',
      EXECUTION,
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(/got ExecutionDoesNotExist: said AWS; check the name, --region and --profile/);
  });

  it('refuses a local path', async () => {
    const { code, stderr } = await run({}, 'submit', 'logs', '--stack', 'urls');
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /input "logs": expected s3:\/\/…, got a local path; copy it to the input bucket first/,
    );
  });
});
