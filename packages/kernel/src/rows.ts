import { CorruptRunError } from '@mapreduce/shared-utils';

/** `[count u64, length u32, bytes]`, little-endian. */
const ROW_HEADER_BYTES = 12;

export interface Row {
  readonly bytes: Uint8Array;
  readonly count: number;
}

export function encodeRows(rows: readonly Row[]): Uint8Array {
  const size = rows.reduce((sum, { bytes }) => sum + ROW_HEADER_BYTES + bytes.length, 0);
  const encoded = new Uint8Array(size);
  const view = new DataView(encoded.buffer);
  let at = 0;
  for (const { bytes, count } of rows) {
    view.setBigUint64(at, BigInt(count), true);
    view.setUint32(at + 8, bytes.length, true);
    encoded.set(bytes, at + ROW_HEADER_BYTES);
    at += ROW_HEADER_BYTES + bytes.length;
  }
  return encoded;
}

/** @throws CorruptRunError when the bytes end within a row, or a count is 0 or past 2^53-1. */
export function* decodeRows(encoded: Uint8Array): Generator<Row> {
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  for (let at = 0; at < encoded.length; ) {
    const bytesAt = at + ROW_HEADER_BYTES;
    const end = bytesAt > encoded.length ? Number.POSITIVE_INFINITY : bytesAt + view.getUint32(at + 8, true);
    if (end > encoded.length) {
      throw new CorruptRunError(`row at byte ${at}: expected it to end within ${encoded.length} bytes`);
    }
    const count = Number(view.getBigUint64(at, true));
    if (count < 1 || !Number.isSafeInteger(count)) {
      throw new CorruptRunError(`row at byte ${at}: expected a count from 1 to 2^53-1, got ${count}`);
    }
    yield { bytes: encoded.subarray(bytesAt, end), count };
    at = end;
  }
}
