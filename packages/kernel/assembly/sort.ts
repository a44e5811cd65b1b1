/**
 * Orders the rows by their keys' bytes, eight at a time: most significant digit first and out of place while
 * there are many, three-way quicksort below that. Items are `[window u64, big-endian; key u32; length u32]`.
 */
import { arenaStart, arenaTop, rowBytes, ROW_HEADER } from './table';

export const ITEM: usize = 16;

const INSERTION: usize = 12;
/** A radix pass costs 256 counters, so it takes this many items to pay. */
const RADIX: usize = 128;
/** Where the parts of a radix pass end, for every level: each has at most half of the items of the one above. */
const digits: usize = memory.data(32 * 257 * 4, 16);

/** Where items are moved to and back from: as much room as there are items. */
let spare: usize = 0;

/** Fills and sorts the items at `items`, 16 bytes a row, with as much room behind them. */
export function sortRows(items: usize): void {
  let item = items;
  for (let row = arenaStart(); row < arenaTop; item += ITEM) {
    const length = load<u32>(row, 8);
    store<u32>(item, <u32>(row + ROW_HEADER), 8);
    store<u32>(item, length, 12);
    store<u64>(item, window(item, 0));
    row += rowBytes(length);
  }
  spare = item;
  sortMany(items, item, 0, digits);
}

/** The key's eight bytes from `depth` on, zeros behind its end, as a number of the same order. */
// @ts-ignore: decorator
@inline
function window(item: usize, depth: usize): u64 {
  const length = lengthOf(item);
  if (length <= depth) return 0;
  const bytes = bswap(load<u64>(keyOf(item) + depth));
  const left = length - depth;
  return left >= 8 ? bytes : bytes & ~(<u64>-1 >> (left << 3));
}

// @ts-ignore: decorator
@inline
export function keyOf(item: usize): usize {
  return <usize>load<u32>(item, 8);
}

// @ts-ignore: decorator
@inline
export function lengthOf(item: usize): usize {
  return <usize>load<u32>(item, 12);
}

// @ts-ignore: decorator
@inline
export function countOf(item: usize): u64 {
  return load<u64>(keyOf(item) - ROW_HEADER);
}

/** All keys agree up to `depth`, and their windows begin there. */
function sortMany(start: usize, end: usize, depth: usize, counters: usize): void {
  while (end - start >= RADIX * ITEM) {
    const differs = differingBits(start, end);
    if (differs == 0) {
      start = separateEnded(start, end, depth);
      depth += 8;
      advance(start, end, depth);
      continue;
    }
    // The eight highest bits from the first one on in which any two differ.
    distribute(start, end, max<i64>(56 - <i64>clz(differs), 0), counters);
    // The largest part comes last and takes no level of its own.
    let largestStart = start;
    let largestEnd = start;
    for (let digit: usize = 0, at = start; digit < 256; digit++) {
      const next = start + <usize>load<u32>(counters + (digit << 2));
      if (next - at > largestEnd - largestStart) {
        if (largestEnd - largestStart > ITEM) sortMany(largestStart, largestEnd, depth, counters + 257 * 4);
        largestStart = at;
        largestEnd = next;
      } else if (next - at > ITEM) {
        sortMany(at, next, depth, counters + 257 * 4);
      }
      at = next;
    }
    start = largestStart;
    end = largestEnd;
  }
  sortRange(start, end, depth);
}

function differingBits(start: usize, end: usize): u64 {
  const first = load<u64>(start);
  let differs: u64 = 0;
  for (let item = start + ITEM; item < end; item += ITEM) differs |= load<u64>(item) ^ first;
  return differs;
}

/** Orders by eight bits of the window; the counters become the ends of the parts, relative to the start. */
function distribute(start: usize, end: usize, shift: u64, counters: usize): void {
  memory.fill(counters, 0, 257 * 4);
  for (let item = start; item < end; item += ITEM) {
    const counter = counters + 4 + (<usize>((load<u64>(item) >> shift) & 0xff) << 2);
    store<u32>(counter, load<u32>(counter) + <u32>ITEM);
  }
  for (let counter = counters + 4, last = counters + 256 * 4; counter < last; counter += 4) {
    store<u32>(counter, load<u32>(counter) + load<u32>(counter - 4));
  }
  for (let item = start; item < end; item += ITEM) {
    const counter = counters + (<usize>((load<u64>(item) >> shift) & 0xff) << 2);
    const to = load<u32>(counter);
    store<u32>(counter, to + <u32>ITEM);
    v128.store(spare + <usize>to, v128.load(item));
  }
  memory.copy(start, spare, end - start);
}

/** All keys agree up to `depth`, and their windows begin there. */
function sortRange(start: usize, end: usize, depth: usize): void {
  while (end - start > INSERTION * ITEM) {
    const pivot = medianWindow(start, end);
    let low = start;
    let high = end;
    for (let at = start; at < high; ) {
      const value = load<u64>(at);
      if (value < pivot) {
        swap(at, low);
        low += ITEM;
        at += ITEM;
      } else if (value > pivot) {
        high -= ITEM;
        swap(at, high);
      } else {
        at += ITEM;
      }
    }
    // Recursing into the smaller parts keeps the stack within the logarithm of the number of rows.
    const lessBytes = low - start;
    const equalBytes = high - low;
    const moreBytes = end - high;
    if (equalBytes >= lessBytes && equalBytes >= moreBytes) {
      sortRange(start, low, depth);
      sortRange(high, end, depth);
      start = separateEnded(low, high, depth);
      end = high;
      depth += 8;
      advance(start, end, depth);
    } else {
      sortEqual(low, high, depth);
      if (lessBytes < moreBytes) {
        sortRange(start, low, depth);
        start = high;
      } else {
        sortRange(high, end, depth);
        end = low;
      }
    }
  }
  insertionSort(start, end, depth);
}

function sortEqual(start: usize, end: usize, depth: usize): void {
  const rest = separateEnded(start, end, depth);
  advance(rest, end, depth + 8);
  sortRange(rest, end, depth + 8);
}

function advance(start: usize, end: usize, depth: usize): void {
  for (let item = start; item < end; item += ITEM) store<u64>(item, window(item, depth));
}

/**
 * Of keys with equal windows those that end within them come first, by length: one with a NUL where another
 * ends has the same window. Returns where the others begin.
 */
function separateEnded(start: usize, end: usize, depth: usize): usize {
  let rest = start;
  for (let item = start; item < end; item += ITEM) {
    const length = lengthOf(item);
    if (length > depth + 8) continue;
    // At most nine keys end here, since no two are the same.
    swap(item, rest);
    for (let at = rest; at > start && lengthOf(at - ITEM) > length; at -= ITEM) swap(at, at - ITEM);
    rest += ITEM;
  }
  return rest;
}

function insertionSort(start: usize, end: usize, depth: usize): void {
  for (let item = start + ITEM; item < end; item += ITEM) {
    for (let at = item; at > start && isBefore(at, at - ITEM, depth); at -= ITEM) swap(at, at - ITEM);
  }
}

// @ts-ignore: decorator
@inline
function isBefore(a: usize, b: usize, depth: usize): bool {
  const first = load<u64>(a);
  const second = load<u64>(b);
  return first != second ? first < second : isRestBefore(a, b, depth + 8);
}

function isRestBefore(a: usize, b: usize, depth: usize): bool {
  const aLength = lengthOf(a);
  const bLength = lengthOf(b);
  const shared = min(aLength, bLength);
  for (let at = depth; at < shared; at += 8) {
    const first = window(a, at);
    const second = window(b, at);
    if (first != second) return first < second;
  }
  return aLength < bLength;
}

// @ts-ignore: decorator
@inline
function medianWindow(start: usize, end: usize): u64 {
  const a = load<u64>(start);
  const b = load<u64>(start + ((end - start) / ITEM / 2) * ITEM);
  const c = load<u64>(end - ITEM);
  return max(min(a, b), min(max(a, b), c));
}

// @ts-ignore: decorator
@inline
function swap(a: usize, b: usize): void {
  const item = v128.load(a);
  v128.store(a, v128.load(b));
  v128.store(b, item);
}
