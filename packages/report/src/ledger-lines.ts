import { REJECT_REASONS } from '@mapreduce/shared-utils';
import { formatCount, formatCountOf } from './format';
import type { Report } from './report';

/** One equation that a finished run must satisfy, in words. */
export interface LedgerLine {
  readonly what: string;
  readonly left: string;
  readonly right: string;
  /** Open, while the run has not come to its end or never did. */
  readonly state: 'balanced' | 'open' | 'broken';
}

/** What the run promises: nothing is lost or invented between the bytes and the counts. */
export function ledgerOf({ verdict, inputs, bytesRead, records, counts }: Report): LedgerLine[] {
  const isOver = verdict.kind === 'succeeded';
  const state = (holds: boolean) => (holds ? 'balanced' : isOver ? 'broken' : 'open');
  const { ok, blank, bad, lines, badByReason } = records;
  const reasons = REJECT_REASONS.filter((reason) => badByReason[reason] > 0);
  const byReason = reasons.reduce((sum, reason) => sum + badByReason[reason], 0);
  return [
    {
      what: 'Bytes',
      left: `${formatCount(bytesRead)} read`,
      right: `${formatCount(inputs.bytes)} in ${formatCountOf(inputs.count, 'file')}`,
      state: state(bytesRead === inputs.bytes),
    },
    {
      what: 'Lines',
      left: `${formatCount(lines)} read`,
      right: `${formatCount(ok)} ok + ${formatCount(blank)} blank + ${formatCount(bad)} bad`,
      state: state(lines === ok + blank + bad),
    },
    {
      what: 'Bad lines',
      left: `${formatCount(bad)} bad`,
      right:
        reasons.length === 0
          ? 'none of any reason'
          : reasons.map((reason) => `${formatCount(badByReason[reason])} ${reason}`).join(' + '),
      state: state(bad === byReason),
    },
    {
      what: 'Counts',
      left: counts === null ? 'not yet summed' : `${formatCount(counts.total)} counted in all`,
      right: `${formatCount(ok)} ok`,
      state: counts === null ? 'open' : state(counts.total === ok),
    },
  ];
}

export function isBalanced(lines: readonly LedgerLine[]): boolean {
  return lines.every(({ state }) => state === 'balanced');
}
