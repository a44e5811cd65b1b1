/** Packed rows of other tables in, summed. */
import { LONG_HEADER, SHORT_HEADER } from './rows';
import { addKey, flushBatch } from './table';

/** The largest count that a JavaScript number holds exactly: 2^53 - 1. */
const MAX_COUNT: u64 = 9007199254740991;

export let total: u64 = 0;

/** Adds the rows of `[p, end)`. Returns `end`, or where a row is broken or the total passes 2^53 - 1. */
export function mergeRows(p: usize, end: usize): usize {
  while (end - p >= SHORT_HEADER) {
    const header = load<u32>(p);
    let length = <usize>(header & 0xffff);
    let count = <u64>(header >> 16);
    let key = p + SHORT_HEADER;
    if (header == 0) {
      if (end - p < LONG_HEADER) break;
      length = load<u32>(p, 4);
      count = load<u64>(p, 8);
      key = p + LONG_HEADER;
    }
    if (length > end - key || count == 0 || count > MAX_COUNT || total + count > MAX_COUNT) break;
    total += count;
    addKey(key, <u32>length, count);
    p = key + length;
  }
  flushBatch();
  return p;
}
