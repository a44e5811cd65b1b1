import type { UrlCount } from './contracts';
import { compareBytes, encodeWtf8 } from './wtf8';

/** How many URLs the manifest lists. */
export const TOP_COUNT = 100;

/** Count descending, then UTF-8 bytes: the order of every list of top URLs. */
export function compareRank(a: UrlCount, b: UrlCount): number {
  return b.count - a.count || compareBytes(encodeWtf8(a.url), encodeWtf8(b.url));
}

/** The first `limit` by rank of lists that are each sorted by rank already. */
export function mergeTop(lists: readonly (readonly UrlCount[])[], limit: number): UrlCount[] {
  return lists.flat().sort(compareRank).slice(0, limit);
}
