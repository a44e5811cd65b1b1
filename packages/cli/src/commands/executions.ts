import type { ConnectionFlags } from '../cloud/connect';
import { Executions } from '../cloud/executions';
import { findStack } from '../cloud/stack';
import { formatExecutions, formatState } from '../render/execution-report';
import { printJson } from '../render/output';
import { watch } from './submit';

export interface ExecutionFlags extends ConnectionFlags {
  readonly watch?: true;
  readonly json?: true;
}

export interface RunsFlags extends ConnectionFlags {
  readonly stack: string;
  readonly limit: number;
  readonly json?: true;
}

/** Says how far a batch execution is. Resolves with whether it has not failed. */
export function status(executionArn: string, flags: ExecutionFlags, signal: AbortSignal): Promise<boolean> {
  return withExecutions(flags, async (executions) => {
    if (flags.watch) return watch(executions, executionArn, flags.json, signal);
    const state = await executions.describe(executionArn);
    if (flags.json) printJson(state);
    else process.stdout.write(`${formatState(state)}\n`);
    if (!flags.json && state.error !== null) {
      process.stderr.write(`mapreduce: ${state.error}: ${state.cause ?? 'no cause'}\n`);
    }
    return !['FAILED', 'TIMED_OUT', 'ABORTED'].includes(state.status);
  });
}

/** Runs what failed of a batch execution again, and nothing else. */
export function redrive(executionArn: string, flags: ExecutionFlags, signal: AbortSignal): Promise<boolean> {
  return withExecutions(flags, async (executions) => {
    await executions.redrive(executionArn);
    if (flags.watch) return watch(executions, executionArn, flags.json, signal);
    process.stdout.write(`Redriven ${executionArn}\n`);
    return true;
  });
}

/** Ends a batch execution. What it has done stays, and `redrive` goes on from there. */
export function stop(executionArn: string, flags: ExecutionFlags): Promise<boolean> {
  return withExecutions(flags, async (executions) => {
    await executions.stop(executionArn);
    process.stdout.write(`Stopped ${executionArn}\n`);
    return true;
  });
}

/** Lists the executions of a stack's batch machine, the youngest first. */
export async function runs(flags: RunsFlags): Promise<void> {
  const { batchArn } = await findStack(flags.stack, flags);
  await withExecutions(flags, async (executions) => {
    const listed = await executions.list(batchArn, flags.limit);
    if (flags.json) printJson(listed);
    else process.stdout.write(formatExecutions(listed));
  });
}

async function withExecutions<Result>(
  flags: ConnectionFlags,
  use: (executions: Executions) => Promise<Result>,
): Promise<Result> {
  const executions = new Executions(flags);
  try {
    return await use(executions);
  } finally {
    executions.destroy();
  }
}
