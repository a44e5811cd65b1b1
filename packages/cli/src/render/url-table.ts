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

/** An emoji with a skin, or a letter with marks upon it. */
const MAX_CODE_UNITS_A_COLUMN = 8;

/** Printable ASCII, a column a character. */
const PLAIN = /^[ -~]+$/;

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
  const left = columns - PADDING - widths.reduce((sum, width) => sum + width, 0);
  const urlColumns = Math.max(left, MIN_URL_COLUMNS);
  const lines = [{ cells: heads, url: 'url' }, ...rows].map(({ cells, url }) => {
    const before = cells.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('');
    return `${before}${' '.repeat(PADDING)}${formatUrl(url, urlColumns)}`.replace(/ +$/, '');
  });
  return lines.join('\n');
}

/** A URL that cannot play tricks on a terminal: no control or bidirectional characters, and cut to so many columns. */
function formatUrl(url: string, columns: number): string {
  if (url === '') return '""';
  const start = url.slice(0, columns);
  if (PLAIN.test(start)) return truncate(url, columns);
  // Cut before it is escaped, so that a huge one costs nothing; not much, for some characters take no column.
  return cutToWidth(escapeUnprintable(truncate(url, MAX_CODE_UNITS_A_COLUMN * columns)), columns);
}

/** Characters take one column, two or none: the table knows, but a table of many rows takes very long. */
function cutToWidth(text: string, columns: number): string {
  const style = { head: [], border: [], 'padding-left': 0, 'padding-right': 0 };
  const table = new Table({ chars: NO_BORDERS, colWidths: [columns], style });
  table.push([text]);
  return table.toString();
}

function widest(texts: readonly string[]): number {
  return texts.reduce((width, text) => Math.max(width, text.length), 0);
}
