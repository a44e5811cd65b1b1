/**
 * NH, the universal hash of UMAC: sums of products of 32-bit words that were offset by secrets. Two keys
 * collide with a chance of 2^-32 whoever chose them, and nothing in it waits for anything before it.
 */

/** Secrets for one block of 256 bytes, and the multiplier between blocks: set by the host, at random. */
const BLOCK: usize = 256;
const secrets: usize = memory.data(256 + 16, 16);

export function secretsAt(): usize {
  return secrets;
}

// @ts-ignore: decorator
@inline
function nh16(sum: v128, at: usize, secret: usize): v128 {
  const words = i32x4.add(v128.load(at), v128.load(secret));
  return i64x2.add(sum, i64x2.extmul_low_i32x4_u(words, i32x4.shuffle(words, words, 2, 3, 2, 3)));
}

// @ts-ignore: decorator
@inline
export function hashBytes(key: usize, length: usize): u32 {
  let sum = i64x2.splat(0);
  let hash: u64 = length;
  let at = key;
  let left = length;
  while (left > BLOCK) {
    for (let i: usize = 0; i < BLOCK; i += 16) sum = nh16(sum, at + i, secrets + i);
    hash = fold(hash, sum);
    sum = i64x2.splat(0);
    at += BLOCK;
    left -= BLOCK;
  }
  let secret = secrets;
  while (left > 16) {
    sum = nh16(sum, at, secret);
    at += 16;
    secret += 16;
    left -= 16;
  }
  sum = i64x2.add(sum, lastWords(at, left, secret));
  hash = fold(hash, sum);
  return <u32>(hash >> 32) ^ <u32>hash;
}

/** The last 0 to 16 bytes, what lies behind them masked away; 16 bytes are always readable. */
// @ts-ignore: decorator
@inline
function lastWords(at: usize, left: usize, secret: usize): v128 {
  const words = i32x4.add(v128.and(v128.load(at), firstBytes(left)), v128.load(secret));
  return i64x2.extmul_low_i32x4_u(words, i32x4.shuffle(words, words, 2, 3, 2, 3));
}

// @ts-ignore: decorator
@inline
function fold(hash: u64, sum: v128): u64 {
  const mixed =
    (hash ^ i64x2.extract_lane(sum, 0)) * load<u64>(secrets, 256) + i64x2.extract_lane(sum, 1) * load<u64>(secrets, 264);
  return mixed ^ (mixed >> 29);
}

// @ts-ignore: decorator
@inline
export function equalBytes(a: usize, b: usize, length: usize): bool {
  let at: usize = 0;
  while (at + 16 <= length) {
    if (v128.any_true(v128.xor(v128.load(a + at), v128.load(b + at)))) return false;
    at += 16;
  }
  const left = length - at;
  if (left == 0) return true;
  return !v128.any_true(v128.and(v128.xor(v128.load(a + at), v128.load(b + at)), firstBytes(left)));
}

/** A mask of the first `length` of 16 bytes. */
// @ts-ignore: decorator
@inline
export function firstBytes(length: usize): v128 {
  return i8x16.lt_u(i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), i8x16.splat(<i8>length));
}
