/**
 * Orders the rows by their keys' bytes: three-way quicksort over windows of eight bytes. Items are
 * `[window u64, big-endian; row u32; -]`.
 */
import { arenaStart, arenaTop, rowBytes, rowCount, ROW_HEADER } from './table';

export const ITEM: usize = 16;

const INSERTION: usize = 12;

/** Fills and sorts the items at `items`, 16 bytes a row. */
export function sortRows(items: usize): void {
  let item = items;
  for (let row = arenaStart(); row < arenaTop; item += ITEM) {
    store<u64>(item, window(row, 0));
    store<u32>(item, <u32>row, 8);
    row += rowBytes(load<u32>(row, 8));
  }
  sortRange(items, item, 0);
}

/** The key's eight bytes from `depth` on, zeros behind its end, as a number of the same order. */
// @ts-ignore: decorator
@inline
function window(row: usize, depth: usize): u64 {
  const length = <usize>load<u32>(row, 8);
  if (length <= depth) return 0;
  const bytes = bswap(load<u64>(row + ROW_HEADER + depth));
  const left = length - depth;
  return left >= 8 ? bytes : bytes & ~(<u64>-1 >> (left << 3));
}

// @ts-ignore: decorator
@inline
function rowOf(item: usize): usize {
  return <usize>load<u32>(item, 8);
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
  for (let item = start; item < end; item += ITEM) store<u64>(item, window(rowOf(item), depth));
}

/**
 * Of keys with equal windows those that end within them come first, by length: one with a NUL where another
 * ends has the same window. Returns where the others begin.
 */
function separateEnded(start: usize, end: usize, depth: usize): usize {
  let rest = start;
  for (let item = start; item < end; item += ITEM) {
    const length = <usize>load<u32>(rowOf(item), 8);
    if (length > depth + 8) continue;
    // At most nine keys end here, since no two are the same.
    swap(item, rest);
    for (let at = rest; at > start && <usize>load<u32>(rowOf(at - ITEM), 8) > length; at -= ITEM) swap(at, at - ITEM);
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
  return first != second ? first < second : isRestBefore(rowOf(a), rowOf(b), depth + 8);
}

function isRestBefore(a: usize, b: usize, depth: usize): bool {
  const aLength = <usize>load<u32>(a, 8);
  const bLength = <usize>load<u32>(b, 8);
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

/** The first item from `index` on whose count is above `count`, or the number of rows: for the top URLs. */
export function nextAbove(items: usize, index: u32, count: u64): u32 {
  const end = rowCount();
  while (index < end && load<u64>(rowOf(items + <usize>index * ITEM)) <= count) index++;
  return index;
}

/** The row of an item: where its count, length and key are. */
export function rowAt(items: usize, index: u32): usize {
  return rowOf(items + <usize>index * ITEM);
}
