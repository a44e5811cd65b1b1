/** Rows in their order out, as text or packed, and those of them with the largest counts into a list. */
import { formatRow, textRoom } from './format';
import { packHeader } from './rows';
import { countOf, ITEM, keyOf, lengthOf } from './sort';
import { rowCount } from './table';

/** Rows written since `beginOutput`, and the sum of their counts. */
export let written: u32 = 0;
export let writtenTotal: u64 = 0;

/** `[key u32, length u32, count u64]`: rows above the least count that the host asks for, until it has read them. */
const RANKED_BYTES: usize = 16;
const MAX_RANKED: u32 = 128;
const ranked: usize = memory.data(16 * 128, 16);
export let rankedCount: u32 = 0;
let leastCount: u64 = 0;

/**
 * Rows lie all over the arena, so a few are touched at once before they are written: their cache misses
 * overlap. Touching each some time ahead gains nothing, since no load is over before its bytes are there.
 */
const TOUCHED: usize = 32 * ITEM;
/** Keeps the touching loads alive. */
let touched: u32 = 0;

export function rankedAt(): usize {
  return ranked;
}

export function beginOutput(): void {
  written = 0;
  writtenTotal = 0;
}

/** Before every stretch of rows: what the list holds has been read, and rows up to `least` have no place in it. */
export function readRanked(least: u64): void {
  rankedCount = 0;
  leastCount = least;
}

// @ts-ignore: decorator
@inline
export function isRankedFull(): bool {
  return rankedCount == MAX_RANKED;
}

/** Needs room for `textRoom(length)`; the list must not be full. */
// @ts-ignore: decorator
@inline
export function writeRow(key: usize, length: usize, count: u64, to: usize, isText: bool): usize {
  const isFirst = written == 0;
  written++;
  writtenTotal += count;
  if (isText) {
    if (count > leastCount) rank(key, length, count);
    return formatRow(key, length, count, to, isFirst);
  }
  to = packHeader(to, length, count);
  for (let at: usize = 0; at < length; at += 16) v128.store(to + at, v128.load(key + at));
  return to + length;
}

function rank(key: usize, length: usize, count: u64): void {
  const at = ranked + <usize>rankedCount * RANKED_BYTES;
  store<u32>(at, <u32>key);
  store<u32>(at, <u32>length, 4);
  store<u64>(at, count, 8);
  rankedCount++;
}

export function itemRoom(items: usize, index: u32): usize {
  return textRoom(lengthOf(items + <usize>index * ITEM));
}

/**
 * Writes the sorted rows from number `written` on into `[to, end)` while they are sure to fit and the list is
 * not full. Returns the end of what it wrote.
 */
export function writeRows(items: usize, to: usize, end: usize, isText: bool): usize {
  const last = items + <usize>rowCount() * ITEM;
  let next = items + <usize>written * ITEM;
  for (let item = next; item < last && !isRankedFull(); item += ITEM) {
    if (item == next) {
      next = min(item + TOUCHED, last);
      touch(item, next);
    }
    const length = lengthOf(item);
    if (to + textRoom(length) > end) break;
    to = writeRow(keyOf(item), length, countOf(item), to, isText);
  }
  return to;
}

function touch(item: usize, end: usize): void {
  let sink: u32 = 0;
  for (; item < end; item += ITEM) {
    sink ^= <u32>load<u8>(keyOf(item)) ^ <u32>load<u8>(keyOf(item) + lengthOf(item));
  }
  touched = sink;
}
