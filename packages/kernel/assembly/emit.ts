/** The rows of the table, packed as `[count u64, length u32, bytes]`, one run a partition. */
import { arenaStart, arenaTop, rowBytes, rowCount, ROW_HEADER } from './table';
import { murmur3 } from './murmur3';

/** First a partition a row (u16), then, from the next multiple of 16 on, the runs. */
export function emitBytes(): usize {
  return ((<usize>rowCount() << 1) + 15 & ~15) + (arenaTop - arenaStart()) + 64;
}

/**
 * Writes to `to`; `ends` gets the end of each partition's run, relative to the first, as u32. Returns where
 * the first run begins.
 */
export function emit(to: usize, ends: usize, partitions: u32): usize {
  memory.fill(ends, 0, (<usize>partitions) << 2);
  let at = to;
  // First how much each partition gets. One walk in the order of the arena; the hash is needed once.
  for (let row = arenaStart(); row < arenaTop; at += 2) {
    const length = <usize>load<u32>(row, 8);
    const partition = murmur3(row + ROW_HEADER, length) % partitions;
    store<u16>(at, <u16>partition);
    const cell = ends + (<usize>partition << 2);
    store<u32>(cell, load<u32>(cell) + <u32>(ROW_HEADER + length));
    row += rowBytes(length);
  }
  let sum: u32 = 0;
  for (let cell = ends, last = ends + (<usize>partitions << 2); cell < last; cell += 4) {
    const bytes = load<u32>(cell);
    store<u32>(cell, sum);
    sum += bytes;
  }
  const runs = (at + 15) & ~15;
  at = to;
  for (let row = arenaStart(); row < arenaTop; at += 2) {
    const length = <usize>load<u32>(row, 8);
    const cell = ends + (<usize>load<u16>(at) << 2);
    const target = runs + <usize>load<u32>(cell);
    store<u32>(cell, load<u32>(cell) + <u32>(ROW_HEADER + length));
    copyRow(row, target, ROW_HEADER + length);
    row += rowBytes(length);
  }
  return runs;
}

/** Runs lie side by side, so nothing may be written over the end. */
// @ts-ignore: decorator
@inline
function copyRow(from: usize, to: usize, length: usize): void {
  let at: usize = 0;
  while (at + 16 <= length) {
    v128.store(to + at, v128.load(from + at));
    at += 16;
  }
  if (at == length) return;
  if (length >= 16) {
    v128.store(to + length - 16, v128.load(from + length - 16));
    return;
  }
  while (at < length) {
    store<u8>(to + at, load<u8>(from + at));
    at++;
  }
}
