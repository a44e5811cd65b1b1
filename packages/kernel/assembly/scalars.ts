/**
 * RFC 8259, checked in passing: space, numbers and words. Nothing checks bounds, here and in the other files: every
 * text ends in a LF, which is no part of any token and ends them all, and 64 readable bytes follow the last one.
 */

// @ts-ignore: decorator
@inline
export function skipSpace(p: usize): usize {
  while (true) {
    const c = load<u8>(p);
    if (c > 0x20 || (c != 0x20 && c != 0x09 && c != 0x0d)) return p;
    p++;
  }
}

// @ts-ignore: decorator
@inline
function isDigit(c: u32): bool {
  return c - 0x30 < 10;
}

function skipDigits(p: usize): usize {
  while (isDigit(load<u8>(p))) p++;
  return p;
}

/** Behind the number at `p`; 0 where it is none. */
export function skipNumber(p: usize): usize {
  if (load<u8>(p) == 0x2d) p++;
  const first = <u32>load<u8>(p);
  if (!isDigit(first)) return 0;
  p++;
  if (first != 0x30) p = skipDigits(p);
  let c = <u32>load<u8>(p);
  if (c == 0x2e) {
    if (!isDigit(load<u8>(p, 1))) return 0;
    p = skipDigits(p + 2);
    c = <u32>load<u8>(p);
  }
  if ((c | 0x20) == 0x65) {
    p++;
    c = <u32>load<u8>(p);
    if (c == 0x2b || c == 0x2d) p++;
    if (!isDigit(load<u8>(p))) return 0;
    p = skipDigits(p + 1);
  }
  return p;
}

/** Behind `true`, `false` or `null`; 0 where it is none of them. */
// @ts-ignore: decorator
@inline
export function skipWord(p: usize): usize {
  const word = load<u32>(p);
  if (word == 0x65757274 || word == 0x6c6c756e) return p + 4;
  return word == 0x736c6166 && load<u8>(p, 4) == 0x65 ? p + 5 : 0;
}
