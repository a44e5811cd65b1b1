/** Windows of 16 and 64 bytes, and what stands in them as a bit a byte. */

// @ts-ignore: decorator
@inline
export function join(a: v128, b: v128, c: v128, d: v128): u64 {
  return bits(a) | (bits(b) << 16) | (bits(c) << 32) | (bits(d) << 48);
}

// @ts-ignore: decorator
@inline
export function bits(matches: v128): u64 {
  return <u64>(<u32>i8x16.bitmask(matches));
}

// @ts-ignore: decorator
@inline
export function isSpecial(bytes: v128): v128 {
  return v128.or(isQuote(bytes), v128.or(isBackslash(bytes), isControlOrNonAscii(bytes)));
}

// @ts-ignore: decorator
@inline
export function isU(bytes: v128): v128 {
  return i8x16.eq(bytes, v128.load(LETTER_U));
}

/**
 * What windows are compared with. V8 makes a splat anew wherever it is used; to load it is one instruction, which is
 * worth 5 to 10 % of a whole scan.
 */
// biome-ignore format: a row a pattern
const PATTERNS: usize = memory.data<u8>([
  0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22,
  0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c,
  0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
  0x75, 0x75, 0x75, 0x75, 0x75, 0x75, 0x75, 0x75, 0x75, 0x75, 0x75, 0x75, 0x75, 0x75, 0x75, 0x75,
  0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f,
  0, 0, 1, 0, 0, 2, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 13, 0, 8, 8, 4, 0, 0, 0, 0, 0, 2, 0, 4, 1,
], 16);
const QUOTE = PATTERNS;
const BACKSLASH = PATTERNS + 16;
const SPACE = PATTERNS + 32;
const LETTER_U = PATTERNS + 48;
const LOW_HALF = PATTERNS + 64;
/** The letters of escapes, `"\\/bfnrtu`, have high halves 2, 5, 6 and 7, a bit each; each low half has the bits of those it goes with. */
const LETTERS_BY_HIGH_HALF = PATTERNS + 80;
const LETTERS_BY_LOW_HALF = PATTERNS + 96;

// @ts-ignore: decorator
@inline
export function isQuote(bytes: v128): v128 {
  return i8x16.eq(bytes, v128.load(QUOTE));
}

// @ts-ignore: decorator
@inline
export function isBackslash(bytes: v128): v128 {
  return i8x16.eq(bytes, v128.load(BACKSLASH));
}

/** Both in one comparison, since it is signed. */
// @ts-ignore: decorator
@inline
export function isControlOrNonAscii(bytes: v128): v128 {
  return i8x16.lt_s(bytes, v128.load(SPACE));
}

/** `"\/bfnrtu`: one bit for each high half of these characters, and for each low half the bits of those it goes with. */
// @ts-ignore: decorator
@inline
export function isEscapeLetter(bytes: v128): v128 {
  const low = i8x16.swizzle(
    v128.load(LETTERS_BY_LOW_HALF),
    v128.and(bytes, v128.load(LOW_HALF)),
  );
  const high = i8x16.swizzle(v128.load(LETTERS_BY_HIGH_HALF), i8x16.shr_u(bytes, 4));
  return i8x16.ne(v128.and(low, high), i8x16.splat(0));
}
