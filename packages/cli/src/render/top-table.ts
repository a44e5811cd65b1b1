import type { UrlCount } from '@mapreduce/shared-utils';
import Table from 'cli-table3';
import { formatCount, formatUrl } from './format';

const NO_BORDERS = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
  ].map((part) => [part, '']),
);

/** Rank, count, share of all counted lines, URL. */
export function formatTopTable(top: readonly UrlCount[], total: number, columns: number): string {
  const table = new Table({
    head: ['#', 'count', 'share', 'url'],
    chars: NO_BORDERS,
    colAligns: ['right', 'right', 'right', 'left'],
    style: { head: [], border: [], 'padding-left': 2, 'padding-right': 0 },
  });
  const urlLength = Math.max(columns - 36, 40);
  for (const [index, { url, count }] of top.entries()) {
    const share = `${((100 * count) / total).toFixed(2)} %`;
    table.push([index + 1, formatCount(count), share, formatUrl(url, urlLength)]);
  }
  return table.toString().replace(/ +$/gm, '');
}
