import { escapeUnprintable, truncate } from '@mapreduce/shared-utils';
import Table from 'cli-table3';

const NO_BORDERS = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
  ].map((part) => [part, '']),
);

const PADDING = 2;

/** Narrower than this a URL says nothing, and the line may as well wrap. */
const MIN_URL_COLUMNS = 16;

export interface UrlRow {
  readonly url: string;
  /** What stands before the URL, to the right of its column. */
  readonly cells: readonly string[];
}

/** Columns under their heads, the URL last; each row in `columns` columns, where that can be. */
export function formatUrlTable(heads: readonly string[], rows: readonly UrlRow[], columns: number): string {
  const widths = heads.map(
    (head, column) => PADDING + widest([head, ...rows.map(({ cells }) => cells[column] ?? '')]),
  );
  const left = columns - widths.reduce((sum, width) => sum + width, 0);
  const table = new Table({
    head: [...heads, 'url'],
    chars: NO_BORDERS,
    colWidths: [...widths, Math.max(left, PADDING + MIN_URL_COLUMNS)],
    colAligns: [...heads.map(() => 'right' as const), 'left'],
    style: { head: [], border: [], 'padding-left': PADDING, 'padding-right': 0 },
  });
  table.push(...rows.map(({ cells, url }) => [...cells, formatUrl(url, columns)]));
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
