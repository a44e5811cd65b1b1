/** Packed rows of other tables in, summed. */
import { countAt, headerBytes, lengthAt, SHORT_HEADER } from './rows';
import { addKey, flushBatch } from './table';

/** The largest count that a JavaScript number holds exactly: 2^53 - 1. */
const MAX_COUNT: u64 = 9007199254740991;
/** No line, and so no key, may be longer: `MAX_LINE_BYTES` ends there. */
const MAX_LENGTH: usize = 256 * 1024 * 1024;

export let total: u64 = 0;
/** How many bytes the row has, or has at least, before whose end `mergeRows` stopped; 0 where it is broken. */
export let cutRowBytes: usize = 0;

/** Adds the whole rows of `[p, end)`. Returns where it stopped: at the end, at a row that is cut, or broken. */
export function mergeRows(p: usize, end: usize): usize {
  let needed = SHORT_HEADER;
  while (end - p >= SHORT_HEADER) {
    needed = headerBytes(p);
    if (end - p < needed) break;
    const length = lengthAt(p);
    const count = countAt(p);
    if (length > MAX_LENGTH || count == 0 || count > MAX_COUNT || total + count > MAX_COUNT) {
      needed = 0;
      break;
    }
    const key = p + needed;
    needed += length;
    if (end - p < needed) break;
    total += count;
    addKey(key, <u32>length, count);
    p += needed;
  }
  cutRowBytes = end - p < SHORT_HEADER ? SHORT_HEADER : needed;
  flushBatch();
  return p;
}
