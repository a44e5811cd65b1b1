import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** What S3 tells of an object's bytes without sending them. */
export interface S3Digest {
  readonly etag: string;
  /** CRC32 in base64; of an object that came in parts, that of the checksums of its parts. */
  readonly checksum: string;
}

const known = new WeakMap<Uint8Array, S3Digest>();

/** Computed once for each array: a test that changes an object replaces its bytes. */
export function digestOf(bytes: Uint8Array): S3Digest {
  const digest = known.get(bytes) ?? { etag: quoteHex(md5(bytes)), checksum: checksumOf(bytes) };
  known.set(bytes, digest);
  return digest;
}

/** The digests of an object tell that it came in parts: they are digests of digests, and end with the number. */
export function rememberParts(bytes: Uint8Array, parts: readonly Uint8Array[]): S3Digest {
  const digest = {
    etag: quoteHex(md5(Buffer.concat(parts.map(md5))), parts.length),
    checksum: `${checksumOf(Buffer.concat(parts.map(crc)))}-${parts.length}`,
  };
  known.set(bytes, digest);
  return digest;
}

/** CRC32 as S3 writes it: four bytes, the highest first, in base64. */
export function checksumOf(bytes: Uint8Array): string {
  return crc(bytes).toString('base64');
}

function crc(bytes: Uint8Array): Buffer {
  const digest = Buffer.alloc(4);
  digest.writeUInt32BE(crc32(bytes));
  return digest;
}

function md5(bytes: Uint8Array): Buffer {
  return createHash('md5').update(bytes).digest();
}

function quoteHex(digest: Buffer, parts?: number): string {
  return `"${digest.toString('hex')}${parts === undefined ? '' : `-${parts}`}"`;
}
