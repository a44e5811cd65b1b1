import { CorruptRunError } from '@mapreduce/shared-utils';

/** `[length u16, count u16, bytes]`, little-endian, where both numbers fit and the count is not 0. */
const SHORT_HEADER_BYTES = 4;
const SHORT_MAX = 0xffff;

/** `[0 u32, length u32, count u64, bytes]` for all others. */
const LONG_HEADER_BYTES = 16;

export interface Row {
  readonly bytes: Uint8Array;
  readonly count: number;
}

export function encodeRows(rows: readonly Row[]): Uint8Array {
  const encoded = new Uint8Array(rows.reduce((sum, row) => sum + headerBytesOf(row) + row.bytes.length, 0));
  const view = new DataView(encoded.buffer);
  let at = 0;
  for (const row of rows) {
    const { bytes, count } = row;
    const bytesAt = at + headerBytesOf(row);
    if (bytesAt - at === SHORT_HEADER_BYTES) {
      view.setUint16(at, bytes.length, true);
      view.setUint16(at + 2, count, true);
    } else {
      view.setUint32(at + 4, bytes.length, true);
      view.setBigUint64(at + 8, BigInt(count), true);
    }
    encoded.set(bytes, bytesAt);
    at = bytesAt + bytes.length;
  }
  return encoded;
}

function headerBytesOf({ bytes, count }: Row): number {
  return bytes.length <= SHORT_MAX && count <= SHORT_MAX ? SHORT_HEADER_BYTES : LONG_HEADER_BYTES;
}

/** @throws CorruptRunError when the bytes end within a row, or a count is 0 or past 2^53-1. */
export function* decodeRows(encoded: Uint8Array): Generator<Row> {
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  for (let at = 0; at < encoded.length; ) {
    const { bytesAt, end, count } = decodeHeader(view, at);
    if (end > encoded.length) {
      throw new CorruptRunError(`row at byte ${at}: expected it to end within ${encoded.length} bytes`);
    }
    if (count < 1 || !Number.isSafeInteger(count)) {
      throw new CorruptRunError(`row at byte ${at}: expected a count from 1 to 2^53-1, got ${count}`);
    }
    yield { bytes: encoded.subarray(bytesAt, end), count };
    at = end;
  }
}

/** Where the last row ends that is whole; the bytes after it are the beginning of one. */
export function wholeRowsEnd(encoded: Uint8Array): number {
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  let end = 0;
  while (end < encoded.length) {
    const next = decodeHeader(view, end).end;
    if (next > encoded.length) break;
    end = next;
  }
  return end;
}

const CUT_SHORT = { bytesAt: Number.POSITIVE_INFINITY, end: Number.POSITIVE_INFINITY, count: 0 };

function decodeHeader(view: DataView, at: number): { bytesAt: number; end: number; count: number } {
  const left = view.byteLength - at;
  if (left < SHORT_HEADER_BYTES) return CUT_SHORT;
  if (view.getUint32(at, true) !== 0) {
    const bytesAt = at + SHORT_HEADER_BYTES;
    return { bytesAt, end: bytesAt + view.getUint16(at, true), count: view.getUint16(at + 2, true) };
  }
  if (left < LONG_HEADER_BYTES) return CUT_SHORT;
  const bytesAt = at + LONG_HEADER_BYTES;
  const count = Number(view.getBigUint64(at + 8, true));
  return { bytesAt, end: bytesAt + view.getUint32(at + 4, true), count };
}
