/**
 * Packed rows, as they stand in segments: `[length u16, count u16, key]`, little-endian, and where one of the
 * two numbers is too large for that, or the count is 0 in the short form, `[0 u32, length u32, count u64, key]`.
 */

export const SHORT_HEADER: usize = 4;
const LONG_HEADER: usize = 16;

/** Of the row at `p`, of which these bytes must be there. */
// @ts-ignore: decorator
@inline
export function headerBytes(p: usize): usize {
  return load<u32>(p) != 0 ? SHORT_HEADER : LONG_HEADER;
}

// @ts-ignore: decorator
@inline
export function lengthAt(p: usize): usize {
  return load<u32>(p) != 0 ? <usize>load<u16>(p) : <usize>load<u32>(p, 4);
}

// @ts-ignore: decorator
@inline
export function countAt(p: usize): u64 {
  return load<u32>(p) != 0 ? <u64>load<u16>(p, 2) : load<u64>(p, 8);
}

// @ts-ignore: decorator
@inline
function isShort(length: usize, count: u64): bool {
  return length <= 0xffff && count <= 0xffff;
}

// @ts-ignore: decorator
@inline
export function packedBytes(length: usize, count: u64): usize {
  return length + (isShort(length, count) ? SHORT_HEADER : LONG_HEADER);
}

/** Returns where the key goes. */
// @ts-ignore: decorator
@inline
export function packHeader(to: usize, length: usize, count: u64): usize {
  if (isShort(length, count)) {
    store<u32>(to, <u32>length | (<u32>count << 16));
    return to + SHORT_HEADER;
  }
  store<u32>(to, 0);
  store<u32>(to, <u32>length, 4);
  store<u64>(to, count, 8);
  return to + LONG_HEADER;
}
