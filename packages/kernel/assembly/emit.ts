/** The rows of the table as runs of packed rows (rows.ts), one run a partition. */
import { arenaStart, arenaTop, rowBytes, rowCount, ROW_HEADER } from './table';
import { murmur3 } from './murmur3';
import { packedBytes, packHeader } from './rows';

/** First a partition a row (u16), then, from the next multiple of 16 on, the runs. */
export function emitBytes(partitions: u32, headerBytes: usize): usize {
  return ((<usize>rowCount() << 1) + 15 & ~15) + (arenaTop - arenaStart()) + <usize>partitions * headerBytes + 64;
}

/**
 * Writes to `to`, with `headerBytes` free in front of each run; `ends` gets the end of each partition's run,
 * relative to what is returned: where the first header begins.
 */
export function emit(to: usize, ends: usize, partitions: u32, headerBytes: usize): usize {
  memory.fill(ends, 0, (<usize>partitions) << 2);
  let at = to;
  // First how much each partition gets. One walk in the order of the arena; the hash is needed once.
  for (let row = arenaStart(); row < arenaTop; at += 2) {
    const length = <usize>load<u32>(row, 8);
    const partition = murmur3(row + ROW_HEADER, length) % partitions;
    store<u16>(at, <u16>partition);
    const cell = ends + (<usize>partition << 2);
    store<u32>(cell, load<u32>(cell) + <u32>packedBytes(length, load<u64>(row)));
    row += rowBytes(length);
  }
  let sum: u32 = 0;
  for (let cell = ends, last = ends + (<usize>partitions << 2); cell < last; cell += 4) {
    const bytes = load<u32>(cell);
    if (bytes != 0) sum += <u32>headerBytes;
    store<u32>(cell, sum);
    sum += bytes;
  }
  const runs = (at + 15) & ~15;
  at = to;
  for (let row = arenaStart(); row < arenaTop; at += 2) {
    const length = <usize>load<u32>(row, 8);
    const cell = ends + (<usize>load<u16>(at) << 2);
    const target = runs + <usize>load<u32>(cell);
    const key = packHeader(target, length, load<u64>(row));
    copyKey(row + ROW_HEADER, key, length);
    store<u32>(cell, <u32>(key + length - runs));
    row += rowBytes(length);
  }
  return runs;
}

/** Runs lie side by side, so nothing may be written over the end. */
// @ts-ignore: decorator
@inline
function copyKey(from: usize, to: usize, length: usize): void {
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
