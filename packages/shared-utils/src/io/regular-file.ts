import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { InputChangedError, UnsupportedInputError } from '../domain/errors';
import { escapeUnprintable, quote } from '../domain/quote';
import { failRead } from './file-errors';
import { giveWay } from './give-way';
import type { ObjectStat, ReadOptions } from './object-store';

const READ_BYTES = 256 * 1024;

export function toObjectStat(stats: BigIntStats): ObjectStat {
  return { size: Number(stats.size), etag: etagOf(stats) };
}

function etagOf({ size, mtimeNs, ino }: BigIntStats): string {
  return `${size}-${mtimeNs}-${ino}`;
}

/** O_NONBLOCK keeps the opening of a FIFO or a device from waiting for its other side. */
export function openRegularFile(path: string): { file: number; stats: BigIntStats } {
  const file = attempt(path, () => openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)));
  try {
    const stats = fstatSync(file, { bigint: true });
    if (stats.isFile()) return { file, stats };
    throw new UnsupportedInputError(
      `${escapeUnprintable(path)}: expected a regular file, got ${kindOf(stats)}`,
    );
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

function kindOf(stats: BigIntStats): string {
  if (stats.isDirectory()) return 'a directory';
  if (stats.isFIFO()) return 'a FIFO';
  if (stats.isSocket()) return 'a socket';
  return 'a device';
}

/** The range's bytes or an error, never fewer; with `ifMatch` the file is looked at again at the end. */
export async function* readRange(
  file: number,
  stats: BigIntStats,
  path: string,
  { range, ifMatch, lend }: ReadOptions,
): AsyncGenerator<Uint8Array> {
  const { start, end } = range ?? { start: 0, end: Number(stats.size) };
  requireUnchanged(path, ifMatch, stats);
  if (end > stats.size) throw cutShort(path, end, stats.size);
  for (let at = start; at < end; ) {
    await giveWay();
    const buffer = lend?.() ?? Buffer.allocUnsafeSlow(Math.min(READ_BYTES, end - at));
    const wanted = Math.min(buffer.length, end - at);
    const bytesRead = attempt(path, () => readSync(file, buffer, 0, wanted, at));
    if (bytesRead === 0) throw cutShort(path, end, at);
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
  // By its name, since an open file survives being deleted or replaced.
  if (ifMatch !== undefined)
    requireUnchanged(
      path,
      ifMatch,
      attempt(path, () => statSync(path, { bigint: true })),
    );
}

function attempt<Result>(path: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    return failRead(path)(error);
  }
}

function requireUnchanged(path: string, ifMatch: string | undefined, stats: BigIntStats): void {
  const etag = etagOf(stats);
  if (ifMatch === undefined || ifMatch === etag) return;
  throw new InputChangedError(
    `${escapeUnprintable(path)}: expected etag ${quote(ifMatch)}, got "${etag}"; the file has changed, start a new run`,
  );
}

function cutShort(path: string, expected: number, size: number | bigint): InputChangedError {
  return new InputChangedError(
    `${escapeUnprintable(path)}: expected at least ${expected} bytes, got ${size}; start a new run`,
  );
}
