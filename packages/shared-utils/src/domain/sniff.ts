import type { Compression } from './contracts';
import { UnsupportedInputError } from './errors';

/** As many first bytes as the longest signature needs. */
export const SNIFF_BYTES = 8;

/** Signatures of what cannot be JSONL; none of them can begin a line of JSON. */
const UNSUPPORTED: readonly { readonly what: string; readonly magic: readonly number[] }[] = [
  { what: 'xz', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] },
  { what: 'bzip2', magic: [0x42, 0x5a, 0x68] },
  { what: 'zip', magic: [0x50, 0x4b, 0x03, 0x04] },
  { what: '7z', magic: [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c] },
  { what: 'lz4', magic: [0x04, 0x22, 0x4d, 0x18] },
  { what: 'framed snappy', magic: [0xff, 0x06, 0x00, 0x00, 0x73, 0x4e, 0x61, 0x50] },
  { what: 'compress (.Z)', magic: [0x1f, 0x9d] },
  { what: 'Parquet', magic: [0x50, 0x41, 0x52, 0x31] },
  { what: 'Avro', magic: [0x4f, 0x62, 0x6a, 0x01] },
  { what: 'ORC', magic: [0x4f, 0x52, 0x43] },
  { what: 'UTF-16 text', magic: [0xff, 0xfe] },
  { what: 'UTF-16 text', magic: [0xfe, 0xff] },
];

const GZIP = [0x1f, 0x8b];
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd];

/** Parallel compressors begin with a skippable frame, whose first byte is 50 to 5F. */
const ZSTD_SKIPPABLE = [0x2a, 0x4d, 0x18];

/**
 * How an input is compressed, told by its first bytes and never by its name.
 * @throws UnsupportedInputError for a format that holds no JSONL we can read
 */
export function sniffCompression(where: string, head: Uint8Array): Compression {
  const startsWith = (magic: readonly number[]) => magic.every((byte, index) => head[index] === byte);
  if (startsWith(GZIP)) return 'gzip';
  if (startsWith(ZSTD) || isSkippableFrame(head)) return 'zstd';
  const unsupported = UNSUPPORTED.find(({ magic }) => startsWith(magic));
  if (unsupported !== undefined) {
    throw new UnsupportedInputError(
      `${where}: expected JSONL in UTF-8, plain or in gzip or zstd, got ${unsupported.what}; convert it first`,
    );
  }
  return 'none';
}

function isSkippableFrame(head: Uint8Array): boolean {
  return ((head[0] ?? 0) & 0xf0) === 0x50 && ZSTD_SKIPPABLE.every((byte, index) => head[index + 1] === byte);
}
