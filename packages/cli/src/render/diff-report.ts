import type { Manifest } from '@mapreduce/shared-utils';
import { CHANGE_KINDS } from '../local/change-kinds';
import type { OutputDiff } from '../local/diff-outputs';
import { formatCount } from './format';
import { formatUrlTable } from './url-table';

/** What `mapreduce diff` prints: both sides, how many URLs changed how, and the greatest changes. */
export function formatDiff(
  { before, after, urls, changes, differences }: OutputDiff,
  columns: number,
): string {
  const kinds = [...CHANGE_KINDS, 'same'] as const;
  const lines = [
    ...differences.map((difference) => `note: ${difference}`),
    `  before  ${formatSide(before)}`,
    `  after   ${formatSide(after)}`,
    `  urls    ${kinds.map((kind) => `${formatCount(urls[kind])} ${kind}`).join(', ')}`,
  ];
  if (changes.length > 0) lines.push('', formatChanges(changes, columns));
  return `${lines.join('\n')}\n`;
}

function formatSide({ unique, total }: Manifest['counts']): string {
  return `${formatCount(unique)} unique, counts sum to ${formatCount(total)}`;
}

function formatChanges(changes: OutputDiff['changes'], columns: number): string {
  const rows = changes.map(({ url, kind, before, after }) => ({
    url,
    cells: [kind, formatChange(after - before), formatCount(before), formatCount(after)],
  }));
  return formatUrlTable(['', 'change', 'before', 'after'], rows, columns);
}

function formatChange(change: number): string {
  return `${change > 0 ? '+' : '−'}${formatCount(Math.abs(change))}`;
}
