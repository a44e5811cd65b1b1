import type { RecordTally } from '@mapreduce/shared-utils';
import { type Replay, type ReplayRule, replayRejects } from '../local/replay-rejects';
import { formatCount } from '../render/format';
import { columns, printJson } from '../render/output';
import { formatTopTable } from '../render/top-table';

export interface ReplayFlags extends ReplayRule {
  readonly limit: number;
  readonly json?: true;
}

/** Prints what the rejected lines of an output would count now. */
export async function replay(
  out: string,
  { limit, json, ...rule }: ReplayFlags,
  signal: AbortSignal,
): Promise<void> {
  const replayed = await replayRejects(out, rule, signal);
  if (json) printJson(replayed);
  else process.stdout.write(formatReplay(replayed, limit));
}

function formatReplay({ unlisted, records, counts }: Replay, limit: number): string {
  const lines = [
    `Of ${formatCount(records.lines)} rejected lines ${formatCount(records.ok)} would count now, ${formatCount(records.blank)} are blank, ${formatCount(records.bad)} stay bad${formatReasons(records)}.`,
  ];
  if (unlisted > 0) lines.push(`Another ${formatCount(unlisted)} bad lines are not listed in rejects/.`);
  if (counts.length > 0) {
    lines.push('', formatTopTable(counts.slice(0, limit), records.ok, columns()), '');
    const more = counts.length - limit;
    if (more > 0) lines.push(`And ${formatCount(more)} more URLs; --limit shows them.`);
    lines.push('Run the job again to count them.');
  }
  return `${lines.join('\n')}\n`;
}

function formatReasons({ bad, badByReason }: RecordTally): string {
  if (bad === 0) return '';
  const reasons = Object.entries(badByReason).filter(([, count]) => count > 0);
  return ` (${reasons.map(([reason, count]) => `${formatCount(count)} ${reason}`).join(', ')})`;
}
