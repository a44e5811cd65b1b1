/** A hash class `0..partitionCount-1`; on the wire it is the number in `bucket_<p>.json`. */
export type PartitionId = number & { readonly __brand: 'PartitionId' };

/** A list of this many output references still fits a 256 KiB state payload. */
export const MAX_PARTITIONS = 1024;

/** Stored in every plan and commit record: counts partitioned under another hash must never be merged. */
export const HASH_VERSION = 'murmur3-x86-32';

/**
 * The partition of a URL, from its WTF-8 bytes. Stable across processes, machines and releases:
 * golden vectors pin it, and `HASH_VERSION` changes if it ever does.
 */
export function partitionOf(urlBytes: Uint8Array, partitionCount: number): PartitionId {
  return (murmur3(urlBytes) % partitionCount) as PartitionId;
}

/** MurmurHash3 x86 32-bit with seed 0: an unsigned 32-bit number. */
export function murmur3(bytes: Uint8Array): number {
  const tail = bytes.length & ~3;
  let hash = 0;
  for (let i = 0; i < tail; i += 4) {
    const word =
      byteAt(bytes, i) |
      (byteAt(bytes, i + 1) << 8) |
      (byteAt(bytes, i + 2) << 16) |
      (byteAt(bytes, i + 3) << 24);
    hash ^= scramble(word);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  let last = 0;
  for (let i = bytes.length - 1; i >= tail; i--) last = (last << 8) | byteAt(bytes, i);
  hash ^= scramble(last);
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function scramble(word: number): number {
  const mixed = Math.imul(word, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}

function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index] as number;
}
