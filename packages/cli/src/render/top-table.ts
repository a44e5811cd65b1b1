import { escapeUnprintable, truncate, type UrlCount } from '@mapreduce/shared-utils';
import Table from 'cli-table3';
import { formatCount } from './format';

const NO_BORDERS = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
  ].map((part) => [part, '']),
);

const PADDING = 2;
const HEAD = ['#', 'count', 'share', 'url'] as const;

/** Narrower than this a URL says nothing, and the line may as well wrap. */
const MIN_URL_COLUMNS = 16;

/** Rank, count, share of all counted lines, URL; each row in `columns` columns, where that can be. */
export function formatTopTable(top: readonly UrlCount[], total: number, columns: number): string {
  const rows = top.map(({ url, count }, index) => [
    formatCount(index + 1),
    formatCount(count),
    `${((100 * count) / total).toFixed(2)} %`,
    formatUrl(url, columns),
  ]);
  const widths = HEAD.slice(0, 3).map(
    (name, column) => PADDING + widest([name, ...rows.map((row) => row[column] ?? '')]),
  );
  const left = columns - widths.reduce((sum, width) => sum + width, 0);
  const table = new Table({
    head: [...HEAD],
    chars: NO_BORDERS,
    colWidths: [...widths, Math.max(left, PADDING + MIN_URL_COLUMNS)],
    colAligns: ['right', 'right', 'right', 'left'],
    style: { head: [], border: [], 'padding-left': PADDING, 'padding-right': 0 },
  });
  table.push(...rows);
  return table.toString().replace(/ +$/gm, '');
}

/**
 * A URL that cannot play tricks on a terminal: no control or bidirectional characters. The table cuts it to
 * its width on the screen; cutting it here first keeps a huge one from costing anything.
 */
function formatUrl(url: string, columns: number): string {
  return url === '' ? '""' : escapeUnprintable(truncate(url, Math.max(columns, MIN_URL_COLUMNS)));
}

function widest(texts: readonly string[]): number {
  return texts.reduce((width, text) => Math.max(width, text.length), 0);
}
