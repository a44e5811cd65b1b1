import {
  brokenLimit,
  ErrorBudgetExceededError,
  imbalances,
  LedgerImbalanceError,
  type Plan,
  type ReduceCommit,
  type Reject,
  type RejectReason,
  type RunConfiguration,
  truncate,
} from '@mapreduce/shared-utils';
import type { Groups } from './merge-groups';

/** Longest piece of a bad line in the message: it ends in logs. */
const MAX_SAMPLE = 120;

/** @throws LedgerImbalanceError when a byte, a line or a count was lost or invented on the way */
export function requireBalance(plan: Plan, groups: Groups, reduced: readonly ReduceCommit[]): void {
  const unbalanced = imbalances({
    plannedBytes: plan.plannedBytes,
    bytesRead: groups.bytesRead,
    records: groups.records,
    countedTotal: reduced.reduce((sum, { output }) => sum + output.total, 0),
  });
  if (unbalanced.length === 0) return;
  const found = unbalanced.map(
    ({ what, expected, actual }) => `expected ${what} to be ${expected}, got ${actual}`,
  );
  throw new LedgerImbalanceError(
    `run ${plan.runId}: ${found.join('; ')}; please report this with the run's logs`,
  );
}

/** @throws ErrorBudgetExceededError naming the first bad line and how to allow it */
export function requireWithinErrorBudget({ configuration }: Plan, { records, firstReject }: Groups): void {
  const limit = brokenLimit(records, configuration);
  if (limit === null || firstReject === null) return;
  const { source, offset, snippet } = firstReject;
  const are = records.bad === 1 ? 'is' : 'are';
  throw new ErrorBudgetExceededError(
    `${source}: byte ${offset}: expected ${expectedBy(firstReject, configuration)}, got \`${truncate(snippet, MAX_SAMPLE)}\`; ` +
      `${formatted(records.bad)} of ${formatted(records.lines)} lines ${are} bad, over ${limit}; ` +
      `mend the input, or allow ${records.bad} with max_bad_records (--max-bad-records)`,
  );
}

function formatted(count: number): string {
  return count.toLocaleString('en-US');
}

function expectedBy({ reason }: Reject, { urlField, maxLineBytes }: RunConfiguration): string {
  const expected: Record<RejectReason, string> = {
    malformed_json: 'one JSON object a line',
    invalid_utf8: 'valid UTF-8',
    not_object: 'a JSON object',
    missing_url: `a field "${urlField}"`,
    url_not_string: `a string in "${urlField}"`,
    line_too_long: `a line of at most ${maxLineBytes} bytes`,
  };
  return `${expected[reason]} (${reason})`;
}
