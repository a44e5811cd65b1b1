import type { ExecutionState, ListedExecution, MapProgress } from '../cloud/executions';
import { formatCount, formatSeconds } from './format';

/** How far an execution is, in one line a Distributed Map. */
export function formatState(state: ExecutionState, now = Date.now()): string {
  const { status, maps, redrives, startedAt, finishedAt } = state;
  const elapsedMs = (finishedAt === null ? now : Date.parse(finishedAt)) - Date.parse(startedAt);
  const again =
    redrives === 0 ? '' : `, redriven ${redrives === 1 ? 'once' : `${formatCount(redrives)} times`}`;
  return [`${status} for ${formatSeconds(elapsedMs)}${again}`, ...maps.map((map) => formatMap(map))].join(
    '\n',
  );
}

function formatMap({ name, total, succeeded, failed, running }: MapProgress): string {
  const share = total === 0 ? 100 : (100 * succeeded) / total;
  const failures = failed === 0 ? '' : `, ${formatCount(failed)} failed`;
  const active = running === 0 ? '' : `, ${formatCount(running)} running`;
  return `  ${name.padEnd(7)} ${formatCount(succeeded)} of ${formatCount(total)} (${share.toFixed(1)} %)${active}${failures}`;
}

export function formatExecutions(executions: readonly ListedExecution[]): string {
  const lines = executions.map(
    ({ startedAt, status, executionArn }) => `${startedAt}  ${status.padEnd(15)}  ${executionArn}\n`,
  );
  return lines.length === 0 ? 'No executions of the batch machine yet.\n' : lines.join('');
}
