/**
 * Counts by key: 8-byte slots `[hash, row / 8]`, at most half of them taken, over an append-only arena of
 * rows `[count u64, length u32, bytes, padding to 8]`. Keys come in batches whose slots and rows are touched
 * before they are compared, so that cache misses overlap instead of waiting for each other.
 */
import { equalBytes, hashBytes } from './hash';

const BATCH = 1024;

export const ROW_HEADER: usize = 12;

let slots: usize = 0;
let slotMask: u32 = 0;
let rows: u32 = 0;
let arena: usize = 0;
export let arenaTop: usize = 0;

/** Entries `[key u32, length u32, hash u32, -, count u64]`. */
const ENTRY: usize = 24;
const batch: usize = memory.data(BATCH * 24, 16);
let batched: usize = 0;
/** Keeps the touching loads alive. */
export let touched: u32 = 0;

/**
 * An empty table, of slots that are zeros. They lie outside the arena: a table that was emptied must not find
 * old rows in the place of slots, nor row 0, which means an empty slot.
 */
export function initTable(slotsAt: usize, slotCount: u32, arenaAt: usize): void {
  slots = slotsAt;
  arena = arenaAt;
  arenaTop = arenaAt;
  slotMask = slotCount - 1;
}

/**
 * Moves to another, larger place, which must not overlap the present one. The host calls it between batches,
 * so that neither slots nor arena can run out within one. Slots keep the whole hash: no row is looked at.
 */
export function moveSlots(to: usize, slotCount: u32): void {
  const from = slots;
  const end = from + ((<usize>slotMask + 1) << 3);
  slots = to;
  slotMask = slotCount - 1;
  memory.fill(to, 0, <usize>slotCount << 3);
  for (let at = from; at < end; at += 8) {
    const entry = load<u64>(at);
    if (entry >> 32 == 0) continue;
    let index = <u32>entry & slotMask;
    while (load<u32>(to + (<usize>index << 3), 4) != 0) index = (index + 1) & slotMask;
    store<u64>(to + (<usize>index << 3), entry);
  }
}

/** Before a key is added again, `clearSlots` must follow: until then their place may serve another purpose. */
export function clearRows(): void {
  arenaTop = arena;
  rows = 0;
}

export function clearSlots(): void {
  memory.fill(slots, 0, (<usize>slotMask + 1) << 3);
}

export function rowCount(): u32 {
  return rows;
}

export function arenaStart(): usize {
  return arena;
}

/** What the rows take, with two slots for each: 0 for an empty table. */
export function tableBytes(): usize {
  return arenaTop - arena + (<usize>rows << 4);
}

// @ts-ignore: decorator
@inline
export function rowBytes(length: usize): usize {
  return (ROW_HEADER + length + 7) & ~7;
}

// @ts-ignore: decorator
@inline
export function addKey(key: usize, length: u32, count: u64): void {
  const entry = batch + batched * ENTRY;
  store<u32>(entry, <u32>key);
  store<u32>(entry, length, 4);
  store<u32>(entry, hashBytes(key, length), 8);
  store<u64>(entry, count, 16);
  if (++batched == BATCH) flushBatch();
}

/** Must be called before the memory of the added keys is used for something else. */
export function flushBatch(): void {
  const end = batch + batched * ENTRY;
  batched = 0;
  let sink: u32 = 0;
  if (rows > 16384) {
    for (let entry = batch; entry < end; entry += ENTRY) {
      sink ^= load<u32>(slots + (<usize>(load<u32>(entry, 8) & slotMask) << 3), 4);
    }
    for (let entry = batch; entry < end; entry += ENTRY) {
      const row = <usize>load<u32>(slots + (<usize>(load<u32>(entry, 8) & slotMask) << 3), 4) << 3;
      sink ^= load<u32>(row);
    }
    touched = sink;
  }
  for (let entry = batch; entry < end; entry += ENTRY) {
    count(load<u32>(entry), load<u32>(entry, 4), load<u32>(entry, 8), load<u64>(entry, 16));
  }
}

// @ts-ignore: decorator
@inline
function count(key: usize, length: u32, hash: u32, amount: u64): void {
  let index = hash & slotMask;
  while (true) {
    const slot = slots + (<usize>index << 3);
    const row = <usize>load<u32>(slot, 4) << 3;
    if (row == 0) {
      insert(slot, key, length, hash, amount);
      return;
    }
    if (load<u32>(slot) == hash && load<u32>(row, 8) == length && equalBytes(row + ROW_HEADER, key, length)) {
      store<u64>(row, load<u64>(row) + amount);
      return;
    }
    index = (index + 1) & slotMask;
  }
}

function insert(slot: usize, key: usize, length: u32, hash: u32, amount: u64): void {
  const row = arenaTop;
  store<u32>(slot, hash);
  store<u32>(slot, <u32>(row >> 3), 4);
  store<u64>(row, amount);
  store<u32>(row, length, 8);
  const to = row + ROW_HEADER;
  // In steps of 32, a little over the end: the arena has slack behind it.
  for (let at: usize = 0; at < length; at += 32) {
    v128.store(to + at, v128.load(key + at));
    v128.store(to + at, v128.load(key + at, 16), 16);
  }
  arenaTop = row + rowBytes(length);
  rows++;
}

/** How far the key farthest from its slot has been moved on by others. Only tests ask. */
export function longestProbe(): u32 {
  let longest: u32 = 0;
  for (let index: u32 = 0; index <= slotMask; index++) {
    const slot = slots + (<usize>index << 3);
    if (load<u32>(slot, 4) != 0) longest = max(longest, (index - load<u32>(slot)) & slotMask);
  }
  return longest;
}
