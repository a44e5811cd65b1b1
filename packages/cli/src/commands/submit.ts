import { randomBytes } from 'node:crypto';
import { InvalidInputError } from '@mapreduce/shared-utils';
import { awaitExecution } from '../cloud/await-execution';
import type { ConnectionFlags } from '../cloud/connect';
import { draftRun } from '../cloud/draft-run';
import { type ExecutionOutcome, Executions } from '../cloud/executions';
import { isS3Uri, toExecutionInput } from '../cloud/s3-uri';
import { findStack } from '../cloud/stack';
import { formatState } from '../render/execution-report';
import { printJson } from '../render/output';

export interface SubmitFlags extends ConnectionFlags {
  readonly stack: string;
  readonly mode?: 'express' | 'batch';
  readonly name?: string;
  readonly splitBytes: number;
  readonly numBuckets?: number;
  readonly urlField?: string;
  readonly outputPrefix?: string;
  readonly maxBadRecords?: number;
  readonly maxBadRatio?: number;
  readonly watch?: true;
  readonly json?: true;
}

/** Starts a run on AWS. Resolves with whether it has not failed. */
export async function submit(
  uris: readonly string[],
  flags: SubmitFlags,
  signal: AbortSignal,
): Promise<boolean> {
  const local = uris.find((uri) => !isS3Uri(uri));
  if (local !== undefined) {
    throw new InvalidInputError(
      `input ${JSON.stringify(local)}: expected s3://…, got a local path; copy it to the input bucket first`,
    );
  }
  const stack = await findStack(flags.stack, flags);
  const machine = flags.mode ?? (await draftRun(uris, flags.splitBytes, flags)).machine;
  // As the run id too: a second start under this name finds the first one's plan, and is refused.
  const name = flags.name ?? nameRun();
  const input = createInput(uris, name, flags);
  const executions = new Executions(flags);
  try {
    if (machine === 'express') {
      return printOutcome(await executions.runExpress(stack.expressArn, name, input, signal), flags.json);
    }
    const executionArn = await executions.startBatch(stack.batchArn, name, input);
    if (!flags.watch) return printStarted(executionArn, flags.json);
    return await watch(executions, executionArn, flags.json, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    process.stderr.write(`mapreduce: run ${name} goes on; its results go to s3://${stack.outputBucket}\n`);
    return true;
  } finally {
    executions.destroy();
  }
}

/** Shows how a batch execution goes on until it has ended; leaving leaves it going. */
export async function watch(
  executions: Executions,
  executionArn: string,
  json: true | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  let last = '';
  const state = await awaitExecution(executions, executionArn, signal, (seen) => {
    const text = formatState(seen);
    if (!json && text !== last) process.stderr.write(`${text}\n`);
    last = text;
  });
  if (state.status === 'RUNNING') {
    process.stderr.write(
      `mapreduce: the run goes on; come back with: mapreduce status ${executionArn} --watch\n`,
    );
    return true;
  }
  return printOutcome(state, json);
}

function nameRun(): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
  return `${time}-${randomBytes(3).toString('hex')}`;
}

function createInput(uris: readonly string[], runId: string, flags: SubmitFlags): object {
  const { inputFiles = [], inputPrefixes = [] } = toExecutionInput(uris);
  const settings = {
    run_id: runId,
    num_buckets: flags.numBuckets,
    url_field: flags.urlField,
    output_prefix: flags.outputPrefix,
    max_bad_records: flags.maxBadRecords,
    max_bad_ratio: flags.maxBadRatio,
  };
  return { input_files: inputFiles, input_prefixes: inputPrefixes, ...settings };
}

function printStarted(executionArn: string, json: true | undefined): true {
  if (json) printJson({ executionArn });
  else process.stdout.write(`Started ${executionArn}\nWatch it: mapreduce status ${executionArn} --watch\n`);
  return true;
}

function printOutcome({ status, output, error, cause }: ExecutionOutcome, json: true | undefined): boolean {
  if (json) printJson({ status, output, error, cause });
  else if (status === 'SUCCEEDED') process.stdout.write(`${JSON.stringify(output, null, 2)}\n`);
  else process.stderr.write(`mapreduce: ${status}: ${error ?? 'no error'}: ${cause ?? 'no cause'}\n`);
  return status === 'SUCCEEDED';
}
