import { crc32 } from 'node:zlib';
import { CorruptRunError } from '../domain/errors';
import { HASH_VERSION } from '../domain/partition';
import { concatBytes } from '../domain/wtf8';

/**
 * A segment as it stands in a shuffle object, little-endian: magic `MRSG`, version u16, hash u16,
 * partition u32, partition count u32, bytes of rows u32, CRC-32 of the rows u32; then the rows.
 */
export const SEGMENT_HEADER_BYTES = 24;

/** Of the rows too. 1 had a count of 64 bits and a length of 32 in front of every URL. */
const SEGMENT_VERSION = 2;

const MAGIC = 0x4753524d;

/** Names of hashes are stored as numbers; one that changes its meaning gets another number. */
const HASH_IDS: Readonly<Record<typeof HASH_VERSION, number>> = { 'murmur3-x86-32': 1 };

export interface SegmentHeader {
  readonly partition: number;
  readonly partitionCount: number;
  readonly rowsLength: number;
  readonly crc32: number;
}

export function encodeSegmentHeader(partition: number, partitionCount: number, rows: Uint8Array): Uint8Array {
  const header = new DataView(new ArrayBuffer(SEGMENT_HEADER_BYTES));
  header.setUint32(0, MAGIC, true);
  header.setUint16(4, SEGMENT_VERSION, true);
  header.setUint16(6, HASH_IDS[HASH_VERSION], true);
  header.setUint32(8, partition, true);
  header.setUint32(12, partitionCount, true);
  header.setUint32(16, rows.length, true);
  header.setUint32(20, crc32(rows), true);
  return new Uint8Array(header.buffer);
}

/** @throws CorruptRunError when this is no segment, or one of another format or hash */
export function decodeSegmentHeader(where: string, bytes: Uint8Array): SegmentHeader {
  if (bytes.length < SEGMENT_HEADER_BYTES) {
    throw corrupt(where, `a header of ${SEGMENT_HEADER_BYTES} bytes`, `${bytes.length}`);
  }
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  requireEqual(where, 'a segment (magic)', MAGIC, header.getUint32(0, true));
  requireEqual(where, 'segment version', SEGMENT_VERSION, header.getUint16(4, true));
  requireEqual(where, `hash (${HASH_VERSION})`, HASH_IDS[HASH_VERSION], header.getUint16(6, true));
  return {
    partition: header.getUint32(8, true),
    partitionCount: header.getUint32(12, true),
    rowsLength: header.getUint32(16, true),
    crc32: header.getUint32(20, true),
  };
}

export interface ExpectedSegment {
  readonly partition: number;
  readonly partitionCount: number;
}

/** The rows of a segment that comes in pieces, cut anywhere: of them only `end` says that they are right. */
export class SegmentDecoder {
  readonly #where: string;
  readonly #expected: ExpectedSegment;
  #head: Uint8Array = new Uint8Array(0);
  #header: SegmentHeader | null = null;
  #rowsLength = 0;
  #crc32 = 0;

  constructor(where: string, expected: ExpectedSegment) {
    this.#where = where;
    this.#expected = expected;
  }

  /** What of the piece is rows. @throws CorruptRunError when this is no segment, or another's */
  add(piece: Uint8Array): Uint8Array {
    const rows = this.#header === null ? this.#takeHeader(piece) : piece;
    this.#rowsLength += rows.length;
    this.#crc32 = crc32(rows, this.#crc32);
    return rows;
  }

  /** @throws CorruptRunError when the segment was cut short or changed */
  end(): void {
    const header = this.#header ?? decodeSegmentHeader(this.#where, this.#head);
    requireEqual(this.#where, 'bytes of rows', header.rowsLength, this.#rowsLength);
    requireEqual(this.#where, 'CRC-32', header.crc32, this.#crc32);
  }

  #takeHeader(piece: Uint8Array): Uint8Array {
    const missing = SEGMENT_HEADER_BYTES - this.#head.length;
    this.#head = concatBytes([this.#head, piece.subarray(0, missing)]);
    if (this.#head.length === SEGMENT_HEADER_BYTES) {
      this.#header = decodeSegmentHeader(this.#where, this.#head);
      requireEqual(this.#where, 'partition', this.#expected.partition, this.#header.partition);
      requireEqual(
        this.#where,
        'partition count',
        this.#expected.partitionCount,
        this.#header.partitionCount,
      );
    }
    return piece.subarray(missing);
  }
}

/** The rows of a whole segment. @throws CorruptRunError when it is cut short, changed, or another's */
export function decodeSegment(where: string, bytes: Uint8Array, expected: ExpectedSegment): Uint8Array {
  const decoder = new SegmentDecoder(where, expected);
  const rows = decoder.add(bytes);
  decoder.end();
  return rows;
}

function requireEqual(where: string, what: string, expected: number, actual: number): void {
  if (expected !== actual) throw corrupt(where, `${what} ${expected}`, `${actual}`);
}

function corrupt(where: string, expected: string, actual: string): CorruptRunError {
  return new CorruptRunError(`${where}: expected ${expected}, got ${actual}; start the run again`);
}
