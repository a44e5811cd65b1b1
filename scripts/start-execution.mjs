// Starts the Express state machine with an execution input and waits for its output.
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { SFNClient, StartSyncExecutionCommand } from '@aws-sdk/client-sfn';

const USAGE = `Usage: node scripts/start-execution.mjs --state-machine-arn <arn> --input <file.json>

Prints the output of the execution. Exit codes: 0 succeeded, 1 usage, 2 failed or timed out.
Region and profile come from the usual AWS environment variables.`;

/** An Express execution ends after 300 s. A client that gives up sooner and tries again runs the job twice. */
const TIMEOUT_MS = 310_000;

const { values } = parse({
  options: {
    'state-machine-arn': { type: 'string' },
    input: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

/** An unknown option asks for the usage, not for a stack trace. */
function parse(config) {
  try {
    return parseArgs(config);
  } catch (error) {
    console.error(`start-execution: ${error.message}`);
    process.exit(1);
  }
}

async function execute(stateMachineArn, inputFile) {
  const endpoint = process.env.AWS_ENDPOINT_URL;
  const client = new SFNClient({
    maxAttempts: 1,
    requestHandler: { requestTimeout: TIMEOUT_MS },
    // A local endpoint has no `sync-` host beside it.
    disableHostPrefix: endpoint !== undefined,
  });
  const input = await readFile(inputFile, 'utf8');
  return client.send(new StartSyncExecutionCommand({ stateMachineArn, input }));
}

if (values.help || values['state-machine-arn'] === undefined || values.input === undefined) {
  (values.help ? console.log : console.error)(USAGE);
  process.exitCode = values.help ? 0 : 1;
} else {
  // The answer is HTTP 200 for a failed execution too: only the status tells.
  const { status, output, error, cause } = await execute(values['state-machine-arn'], values.input);
  if (status === 'SUCCEEDED') {
    console.log(JSON.stringify(JSON.parse(output), null, 2));
  } else {
    console.error(`${status}: ${error ?? 'no error'}: ${cause ?? 'no cause'}`);
    process.exitCode = 2;
  }
}
