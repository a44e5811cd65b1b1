// Starts the Express state machine with an execution input and waits for its output.
import { SFNClient, StartSyncExecutionCommand } from '@aws-sdk/client-sfn';
import { FAILED, messageOf, printable, readJson, required, runScript, UsageError } from './command-line.mjs';

const usage = `Usage: node scripts/start-execution.mjs --state-machine-arn <arn> --input <file.json>

Starts one synchronous execution of the Express state machine, waits for it, up to 310 s, and prints its output.

  --state-machine-arn <arn>  the stack's output ExpressStateMachineArn; the region is taken from it
  --input <file.json>        execution input, as in events/execution.json; - for standard input

Nothing is sent twice: an execution that got no answer may be running all the same.
Exit codes: 0 succeeded, 1 usage, 2 failed, timed out or unknown. Profile and endpoint come from the usual AWS
environment variables.`;

/** An Express execution ends after 300 s. A client that gives up sooner and tries again runs the job twice. */
const TIMEOUT_MS = 310_000;

/** Of an execution's input. */
const MAX_INPUT_BYTES = 256 * 1024;

async function start({ values }) {
  const stateMachineArn = required(values, 'state-machine-arn');
  const region = regionOf(stateMachineArn);
  const input = await readInput(required(values, 'input'));
  // The answer is HTTP 200 for a failed execution too: only the status tells.
  const { status, output, error, cause } = await execute(region, stateMachineArn, input);
  if (status === 'SUCCEEDED') {
    console.log(JSON.stringify(JSON.parse(output), null, 2));
    return;
  }
  console.error(`${status}: ${printable(error ?? 'no error')}: ${printable(cause ?? 'no cause')}`);
  return FAILED;
}

function regionOf(arn) {
  const [, region] = /^arn:[^:]+:states:([^:]+):\d{12}:stateMachine:[^:]+/.exec(arn) ?? [];
  if (region !== undefined) return region;
  throw new UsageError(`expected the ARN of a state machine, got "${printable(arn)}"`);
}

/** Where it can be said what is wrong, it is said before anything starts. */
async function readInput(file) {
  const { json, value } = await readJson(file);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`${file}: expected a JSON object like that in events/execution.json, got something else`);
  }
  const bytes = Buffer.byteLength(json);
  if (bytes > MAX_INPUT_BYTES) {
    throw new Error(
      `${file}: expected at most ${MAX_INPUT_BYTES} bytes, got ${bytes}; name the files by input_prefixes or inventory`,
    );
  }
  return json;
}

async function execute(region, stateMachineArn, input) {
  const client = new SFNClient({
    region,
    maxAttempts: 1,
    // Without the second setting the SDK warns of the time-out, and waits on.
    requestHandler: { requestTimeout: TIMEOUT_MS, throwOnRequestTimeout: true },
    // A local endpoint has no `sync-` host beside it.
    disableHostPrefix: process.env.AWS_ENDPOINT_URL !== undefined,
  });
  try {
    return await client.send(new StartSyncExecutionCommand({ stateMachineArn, input }));
  } catch (error) {
    throw explain(error, stateMachineArn);
  } finally {
    client.destroy();
  }
}

function explain(error, arn) {
  if (error.name === 'StateMachineTypeNotSupported') {
    return new Error(
      `expected an Express state machine, got one of another type; start it with \`mapreduce submit --mode batch\` or \`aws stepfunctions start-execution --state-machine-arn ${arn}\``,
      { cause: error },
    );
  }
  const isAnswered =
    error.$response?.statusCode !== undefined || error.$metadata?.httpStatusCode !== undefined;
  const isRefused = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'].includes(error.code);
  if (isAnswered || isRefused || error.$metadata === undefined) return error;
  return new Error(
    `expected an answer, got none (${messageOf(error)}); the execution may be running or done: look for its manifest.json in the output bucket before you start it again`,
    { cause: error },
  );
}

await runScript(
  {
    name: 'start-execution',
    usage,
    options: { 'state-machine-arn': { type: 'string' }, input: { type: 'string' } },
  },
  start,
);
