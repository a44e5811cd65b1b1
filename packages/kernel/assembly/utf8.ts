/** UTF-8 as of RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */

// @ts-ignore: decorator
@inline
function isContinuation(c: i32): bool {
  return (c & 0xc0) == 0x80;
}

/** Behind a run of well-formed non-ASCII characters; 0 where one is not. */
export function skipNonAscii(p: usize): usize {
  while (true) {
    const c = <i32>load<u8>(p);
    if (c < 0x80) return p;
    const c1 = <i32>load<u8>(p, 1);
    if (!isContinuation(c1) || c < 0xc2 || c > 0xf4) return 0;
    if (c < 0xe0) {
      p += 2;
      continue;
    }
    if (!isContinuation(<i32>load<u8>(p, 2))) return 0;
    if (c < 0xf0) {
      if (c == 0xe0 && c1 < 0xa0) return 0;
      if (c == 0xed && c1 > 0x9f) return 0;
      p += 3;
      continue;
    }
    if (!isContinuation(<i32>load<u8>(p, 3))) return 0;
    if (c == 0xf0 && c1 < 0x90) return 0;
    if (c == 0xf4 && c1 > 0x8f) return 0;
    p += 4;
  }
}

/** Whether all of `[p, end)` is UTF-8; a LF follows. */
export function isUtf8(p: usize, end: usize): bool {
  while (p < end) {
    if (load<u8>(p) < 0x80) {
      p++;
    } else {
      p = skipNonAscii(p);
      if (p == 0) return false;
    }
  }
  return true;
}
