import type { UrlCount } from '@mapreduce/shared-utils';
import { formatCount } from './format';
import { formatUrlTable } from './url-table';

/** Rank, count, share of all counted lines, URL; each row in `columns` columns, where that can be. */
export function formatTopTable(top: readonly UrlCount[], total: number, columns: number): string {
  const rows = top.map(({ url, count }, index) => ({
    url,
    cells: [formatCount(index + 1), formatCount(count), `${((100 * count) / total).toFixed(2)} %`],
  }));
  return formatUrlTable(['#', 'count', 'share'], rows, columns);
}
