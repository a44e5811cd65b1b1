/** Rows of other tables in, summed. */
import { addKey, flushBatch, ROW_HEADER } from './table';

/** The largest count that a JavaScript number holds exactly: 2^53 - 1. */
const MAX_COUNT: u64 = 9007199254740991;

export let total: u64 = 0;

/** Adds the rows of `[p, end)`. Returns `end`, or where a row is broken or the total passes 2^53 - 1. */
export function mergeRows(p: usize, end: usize): usize {
  while (p < end) {
    if (end - p < ROW_HEADER) break;
    const count = load<u64>(p);
    const length = <usize>load<u32>(p, 8);
    if (length > end - p - ROW_HEADER || count == 0 || count > MAX_COUNT || total + count > MAX_COUNT) break;
    total += count;
    addKey(p + ROW_HEADER, <u32>length, count);
    p += ROW_HEADER + length;
  }
  flushBatch();
  return p;
}
