import { MAX_PARTITIONS } from '@mapreduce/shared-utils';
import { type Command, Option } from 'commander';
import { fieldName, ratio, wholeNumber } from './arguments';
import type { CleanFlags } from './commands/clean';
import type { ExecutionFlags, RunsFlags } from './commands/executions';
import type { FetchFlags } from './commands/fetch';
import type { PlanFlags } from './commands/plan';
import type { SubmitFlags } from './commands/submit';

const MIB = 1024 * 1024;

/** The commands that ask AWS; `onFailure` is called for a run that failed there. */
export function addCloudCommands(program: Command, signal: AbortSignal, onFailure: () => void): void {
  addPlan(program);
  addSubmit(program, signal, onFailure);
  addExecutions(program, signal, onFailure);
  addFetch(program, signal);
  addClean(program, signal);
}

function addPlan(program: Command): void {
  const command = program
    .command('plan')
    .summary('say what a run would cost, and where it is best done')
    .description(
      'Finds the inputs, cuts them as the planner would, and estimates time and cost on AWS, line by line. Reads the first bytes of each input and writes nothing.',
    )
    .argument(
      '<input...>',
      'files, directories or glob patterns; or s3://bucket/key, s3://bucket/prefix/, s3://bucket/prefix*suffix',
    )
    .option('--num-buckets <n>', 'number of output files', wholeNumber(1, MAX_PARTITIONS), 32)
    .option('--split-bytes <n>', 'bytes of input for one mapper', wholeNumber(1), 128 * MIB)
    .option('--mapper-memory <mb>', 'memory of a mapper', wholeNumber(512, 10_240), 1024)
    .option('--concurrency <n>', 'mappers of the batch machine at a time', wholeNumber(1, 10_000), 1000)
    .option('--urls-per-split <n>', 'distinct URLs that a mapper finds, a guess', wholeNumber(1), 100_000)
    .option('--json', 'print the estimate as JSON')
    .addHelpText('after', '\nExample:\n  mapreduce plan s3://my-raw-bucket/events/2025/')
    .action(async (inputs: string[], flags: PlanFlags) => {
      const { plan } = await import('./commands/plan');
      await plan(inputs, flags);
    });
  addConnection(command);
}

/** Where AWS is; the usual AWS variables and files say the rest. */
function addConnection(command: Command): void {
  command
    .option('--region <name>', 'AWS Region (default: AWS_REGION)')
    .option('--profile <name>', 'profile of the AWS configuration (default: AWS_PROFILE)')
    .option('--endpoint-url <url>', 'an endpoint in the place of those of AWS');
}

function addSubmit(program: Command, signal: AbortSignal, onFailure: () => void): void {
  const command = program
    .command('submit')
    .summary('start a run on AWS')
    .description(
      'Starts a run of a deployed stack: on the Express machine, whose results it waits for and prints, or on the batch machine, which goes on by itself.',
    )
    .argument('<input...>', 's3://bucket/key, s3://bucket/prefix/ or s3://bucket/prefix*suffix')
    .requiredOption('--stack <name>', 'the root stack, of either layout')
    .addOption(
      new Option('--mode <machine>', 'which machine (default: as `mapreduce plan` advises)').choices([
        'express',
        'batch',
      ]),
    )
    .option('--name <name>', 'name and run id of the execution; a second start under it starts nothing')
    .option('--split-bytes <n>', 'SPLIT_BYTES of the stack, for the choice', wholeNumber(1), 128 * MIB)
    .option('--num-buckets <n>', 'number of output files', wholeNumber(1, MAX_PARTITIONS))
    .option('--url-field <name>', 'field that holds the URL', fieldName)
    .option('--output-prefix <prefix>', 'where in the output bucket the results go')
    .option('--max-bad-records <n>', 'bad lines that do not fail the run', wholeNumber(0))
    .option('--max-bad-ratio <r>', 'share of bad lines that does not fail the run, 0 to 1', ratio)
    .option('--watch', 'follow a batch run to its end; Ctrl-C leaves it going')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExample:\n  mapreduce submit s3://my-raw-bucket/events/ --stack urls --watch')
    .action(async (inputs: string[], flags: SubmitFlags) => {
      const { submit } = await import('./commands/submit');
      if (!(await submit(inputs, flags, signal))) onFailure();
    });
  addConnection(command);
}

function addExecutions(program: Command, signal: AbortSignal, onFailure: () => void): void {
  const status = program
    .command('status')
    .summary('say how far a batch run is')
    .argument('<arn>', 'ARN of the execution, as `mapreduce submit` printed it')
    .option('--watch', 'follow it to its end; Ctrl-C leaves it going')
    .option('--json', 'print the state as JSON')
    .action(async (arn: string, flags: ExecutionFlags) => {
      const commands = await import('./commands/executions');
      if (!(await commands.status(arn, flags, signal))) onFailure();
    });
  const redrive = program
    .command('redrive')
    .summary('run again what failed of a batch run, and nothing else')
    .argument('<arn>', 'ARN of the execution')
    .option('--watch', 'follow it to its end; Ctrl-C leaves it going')
    .option('--json', 'print the outcome as JSON')
    .action(async (arn: string, flags: ExecutionFlags) => {
      const commands = await import('./commands/executions');
      if (!(await commands.redrive(arn, flags, signal))) onFailure();
    });
  const stop = program
    .command('stop')
    .summary('end a batch run; redrive goes on from there')
    .argument('<arn>', 'ARN of the execution')
    .action(async (arn: string, flags: ExecutionFlags) => {
      const commands = await import('./commands/executions');
      await commands.stop(arn, flags);
    });
  const runs = program
    .command('runs')
    .summary('list the batch runs of a stack, the youngest first')
    .requiredOption('--stack <name>', 'the root stack, of either layout')
    .option('-n, --limit <n>', 'how many', wholeNumber(1, 1000), 20)
    .option('--json', 'print a JSON array')
    .action(async (flags: RunsFlags) => {
      const commands = await import('./commands/executions');
      await commands.runs(flags);
    });
  for (const command of [status, redrive, stop, runs]) addConnection(command);
}

function addFetch(program: Command, signal: AbortSignal): void {
  const command = program
    .command('fetch')
    .summary('bring an output from S3 into a directory')
    .description(
      'Brings what a manifest in S3 names into a directory, each file checked against its checksum. All of it appears together, or nothing does.',
    )
    .argument('<uri>', 's3://bucket/prefix/ of the manifest')
    .requiredOption('-o, --out <directory>', 'where it goes; empty or missing, unless --overwrite')
    .option('--overwrite', 'replace an earlier output')
    .addHelpText(
      'after',
      '\nExample:\n  mapreduce fetch s3://my-output-bucket/reduce-output/nightly/ --out counts',
    )
    .action(async (uri: string, flags: FetchFlags) => {
      const { fetchRun } = await import('./commands/fetch');
      await fetchRun(uri, flags, signal);
    });
  addConnection(command);
}

function addClean(program: Command, signal: AbortSignal): void {
  const command = program
    .command('clean')
    .summary("delete a run's temporary objects")
    .description(
      'Shows what a run that failed or was stopped has left in the temporary bucket, and deletes it. They would expire by themselves after 15 days.',
    )
    .argument('<run id>', 'name of the run')
    .requiredOption('--stack <name>', 'the root stack, of either layout')
    .option('-y, --yes', 'delete without asking')
    .action(async (runId: string, flags: CleanFlags) => {
      const { clean } = await import('./commands/clean');
      await clean(runId, flags, signal);
    });
  addConnection(command);
}
