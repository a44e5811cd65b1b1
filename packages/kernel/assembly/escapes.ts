/** Escapes in the bodies of strings. */
import { bits, isBackslash } from './windows';

/** What stands behind a backslash that is not escaped itself: behind every other one of a run of backslashes. */
// @ts-ignore: decorator
@inline
export function escapedOf(backslashes: u64): u64 {
  const even: u64 = 0x5555555555555555;
  const behind = backslashes << 1;
  const oddStarts = backslashes & ~even & ~behind;
  // The addition carries through each run, so that it ends on the other parity where the run began odd.
  return (even ^ ((oddStarts + backslashes) << 1)) & behind;
}

/** -1 where it is no hexadecimal digit. */
// @ts-ignore: decorator
@inline
function hexValue(c: i32): i32 {
  if (<u32>(c - 0x30) < 10) return c - 0x30;
  const letter = c | 0x20;
  return <u32>(letter - 0x61) < 6 ? letter - 0x57 : -1;
}

/** Decodes the escapes of a valid string's body to WTF-8 at `to`, and up to 15 bytes more; returns the end there. */
export function decodeString(p: usize, end: usize, to: usize): usize {
  while (true) {
    const bytes = v128.load(p);
    v128.store(to, bytes);
    const plain = min<usize>(<usize>ctz<u64>(bits(isBackslash(bytes)) | 0x10000), end - p);
    p += plain;
    to += plain;
    if (p == end) return to;
    if (plain == 16) continue;
    const kind = load<u8>(p, 1);
    p += 2;
    if (kind != 0x75) {
      store<u8>(to++, plainEscape(kind));
      continue;
    }
    let unit = hexUnit(p);
    p += 4;
    if ((unit & 0xfc00) == 0xd800 && p < end && load<u16>(p) == 0x755c) {
      const low = hexUnit(p + 2);
      if ((low & 0xfc00) == 0xdc00) {
        unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
        p += 6;
      }
    }
    to = storeCodePoint(unit, to);
  }
}

/** The four digits at `p`; negative where one is none. */
// @ts-ignore: decorator
@inline
export function hexUnit(p: usize): i32 {
  return (hexValue(load<u8>(p)) << 12) | (hexValue(load<u8>(p, 1)) << 8) | (hexValue(load<u8>(p, 2)) << 4) | hexValue(load<u8>(p, 3));
}

function plainEscape(kind: u8): u8 {
  switch (kind) {
    case 0x62:
      return 0x08;
    case 0x66:
      return 0x0c;
    case 0x6e:
      return 0x0a;
    case 0x72:
      return 0x0d;
    case 0x74:
      return 0x09;
  }
  return kind;
}

function storeCodePoint(code: i32, to: usize): usize {
  if (code < 0x80) {
    store<u8>(to, <u8>code);
    return to + 1;
  }
  if (code < 0x800) {
    store<u8>(to, <u8>(0xc0 | (code >> 6)));
    store<u8>(to, <u8>(0x80 | (code & 0x3f)), 1);
    return to + 2;
  }
  if (code < 0x10000) {
    store<u8>(to, <u8>(0xe0 | (code >> 12)));
    store<u8>(to, <u8>(0x80 | ((code >> 6) & 0x3f)), 1);
    store<u8>(to, <u8>(0x80 | (code & 0x3f)), 2);
    return to + 3;
  }
  store<u8>(to, <u8>(0xf0 | (code >> 18)));
  store<u8>(to, <u8>(0x80 | ((code >> 12) & 0x3f)), 1);
  store<u8>(to, <u8>(0x80 | ((code >> 6) & 0x3f)), 2);
  store<u8>(to, <u8>(0x80 | (code & 0x3f)), 3);
  return to + 4;
}
