import { setTimeout } from 'node:timers/promises';
import type { ExecutionState, Executions } from './executions';

/** DescribeMapRun is refilled at one call a second, and a look asks it at most twice. */
const POLL_MS = 3000;

/** Looks at an execution until it has ended or the signal says so; tells what it sees. */
export async function awaitExecution(
  executions: Pick<Executions, 'describe'>,
  executionArn: string,
  signal: AbortSignal,
  onState: (state: ExecutionState) => void,
  pollMs = POLL_MS,
): Promise<ExecutionState> {
  for (;;) {
    const state = await executions.describe(executionArn);
    onState(state);
    if (signal.aborted || (state.status !== 'RUNNING' && state.status !== 'PENDING_REDRIVE')) return state;
    await setTimeout(pollMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return state;
  }
}
