/** Sorted runs of packed rows, a piece of each in memory, merged by a heap of their next rows. */
import { equalBytes } from './hash';
import { isRankedFull, writeRow } from './output';
import { textRoom } from './format';
import { countAt, headerBytes, lengthAt, SHORT_HEADER } from './rows';

/** `[next u32, end u32, key u32, length u32, count u64, -]`: what is in memory of a run, and its row in the heap. */
const RUN: usize = 32;
/** As many as `MAX_MERGED_RUNS` on the host. */
const runs: usize = memory.data(32 * 32, 16);
/** The addresses of runs, that with the least key first. */
const heap: usize = memory.data(32 * 4, 16);
let heapTop: usize = heap;
/** Runs that have no whole row in memory, by number; the host gives them more, or takes them for ended. */
const dry: usize = memory.data(32 * 4, 16);
export let dryCount: u32 = 0;

export function dryAt(): usize {
  return dry;
}

export function runAt(index: u32): usize {
  return runs + <usize>index * RUN;
}

export function beginRuns(): void {
  heapTop = heap;
  dryCount = 0;
}

/** Puts the next row of a run into the heap; false where there is no whole row of it in memory. */
export function enterRun(index: u32): bool {
  const run = runAt(index);
  if (!nextRow(run)) return false;
  let at = heapTop;
  heapTop += 4;
  while (at > heap) {
    const parent = heap + (((at - heap - 4) >> 3) << 2);
    const other = <usize>load<u32>(parent);
    if (!isBefore(run, other)) break;
    store<u32>(at, <u32>other);
    at = parent;
  }
  store<u32>(at, <u32>run);
  return true;
}

/** The room that the next row needs; 0 at the end. */
export function runRoom(): usize {
  return heapTop == heap ? 0 : textRoom(<usize>load<u32>(<usize>load<u32>(heap), 12));
}

/**
 * Writes rows into `[to, end)` while they are sure to fit, the list of `output` is not full and no run is dry;
 * before the first call nor may any be. Returns the end of what it wrote.
 */
export function mergeRuns(to: usize, end: usize, isText: bool): usize {
  dryCount = 0;
  while (heapTop > heap && dryCount == 0 && !isRankedFull()) {
    const run = <usize>load<u32>(heap);
    const key = <usize>load<u32>(run, 8);
    const length = <usize>load<u32>(run, 12);
    if (to + textRoom(length) > end) break;
    // Its bytes stay where they are until the host is asked for more.
    let count = load<u64>(run, 16);
    replaceFirst();
    while (heapTop > heap) {
      const other = <usize>load<u32>(heap);
      if (load<u32>(other, 12) != length || !equalBytes(<usize>load<u32>(other, 8), key, length)) break;
      count += load<u64>(other, 16);
      replaceFirst();
    }
    to = writeRow(key, length, count, to, isText);
  }
  return to;
}

/** Goes on to the next row of the first run in the heap, or takes that out where it is dry. */
function replaceFirst(): void {
  let run = <usize>load<u32>(heap);
  if (!nextRow(run)) {
    store<u32>(dry + (<usize>dryCount << 2), <u32>((run - runs) / RUN));
    dryCount++;
    heapTop -= 4;
    if (heapTop == heap) return;
    run = <usize>load<u32>(heapTop);
  }
  let at = heap;
  while (true) {
    let child = heap + ((at - heap) << 1) + 4;
    if (child >= heapTop) break;
    if (child + 4 < heapTop && isBefore(<usize>load<u32>(child, 4), <usize>load<u32>(child))) child += 4;
    const other = <usize>load<u32>(child);
    if (!isBefore(other, run)) break;
    store<u32>(at, <u32>other);
    at = child;
  }
  store<u32>(at, <u32>run);
}

/** Looks at the next row; false where it is not whole in memory. */
function nextRow(run: usize): bool {
  const p = <usize>load<u32>(run);
  const end = <usize>load<u32>(run, 4);
  if (end - p < SHORT_HEADER) return false;
  const key = p + headerBytes(p);
  if (key > end || lengthAt(p) > end - key) return false;
  store<u32>(run, <u32>(key + lengthAt(p)));
  store<u32>(run, <u32>key, 8);
  store<u32>(run, <u32>lengthAt(p), 12);
  store<u64>(run, countAt(p), 16);
  return true;
}

/** By bytes, then by length. */
function isBefore(a: usize, b: usize): bool {
  const aKey = <usize>load<u32>(a, 8);
  const bKey = <usize>load<u32>(b, 8);
  const aLength = <usize>load<u32>(a, 12);
  const bLength = <usize>load<u32>(b, 12);
  const shared = min(aLength, bLength);
  for (let at: usize = 0; at < shared; at += 16) {
    const differs = i8x16.bitmask(i8x16.ne(v128.load(aKey + at), v128.load(bKey + at)));
    if (differs == 0) continue;
    const first = at + <usize>ctz<i32>(differs);
    if (first < shared) return load<u8>(aKey + first) < load<u8>(bKey + first);
    break;
  }
  return aLength < bLength;
}
