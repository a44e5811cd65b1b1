/** MurmurHash3 x86 32-bit, seed 0: the partition hash, a stored format. */

export function murmur3(p: usize, length: usize): u32 {
  let hash: u32 = 0;
  const end = p + (length & ~3);
  for (; p < end; p += 4) {
    hash ^= scramble(load<u32>(p));
    hash = rotl(hash, 13) * 5 + 0xe6546b64;
  }
  const left = length & 3;
  if (left != 0) hash ^= scramble(load<u32>(p) & ((1 << (<u32>left << 3)) - 1));
  hash ^= <u32>length;
  hash = (hash ^ (hash >> 16)) * 0x85ebca6b;
  hash = (hash ^ (hash >> 13)) * 0xc2b2ae35;
  return hash ^ (hash >> 16);
}

// @ts-ignore: decorator
@inline
function scramble(word: u32): u32 {
  return rotl(word * 0xcc9e2d51, 15) * 0x1b873593;
}
