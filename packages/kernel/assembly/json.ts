/**
 * RFC 8259 and UTF-8, checked in one pass. Every text ends in a LF and 64 readable bytes follow the last
 * one, so nothing checks bounds: a LF is no part of any token and ends them all.
 */

/** What the last string that was skipped held. */
export let hasEscape: bool = false;

/** A byte per open container, 1 for an object; reserved by the host, as long as the longest line. */
let containers: usize = 0;

export function setContainers(at: usize): void {
  containers = at;
}

// @ts-ignore: decorator
@inline
export function skipSpace(p: usize): usize {
  while (true) {
    const c = load<u8>(p);
    if (c > 0x20 || (c != 0x20 && c != 0x09 && c != 0x0d)) return p;
    p++;
  }
}

/** From behind the opening quote to behind the closing one; 0 where it is no string. */
export function skipString(p: usize): usize {
  hasEscape = false;
  const quote = i8x16.splat(0x22);
  const backslash = i8x16.splat(0x5c);
  const space = i8x16.splat(0x20);
  while (true) {
    const bytes = v128.load(p);
    // Signed, so that one comparison finds control characters and non-ASCII.
    const special = i8x16.bitmask(
      v128.or(v128.or(i8x16.eq(bytes, quote), i8x16.eq(bytes, backslash)), i8x16.lt_s(bytes, space)),
    );
    if (special == 0) {
      p += 16;
      continue;
    }
    p += ctz<i32>(special);
    const c = load<u8>(p);
    if (c == 0x22) return p + 1;
    if (c == 0x5c) {
      hasEscape = true;
      p = skipEscape(p);
    } else if (c < 0x20) {
      return 0;
    } else {
      p = skipNonAscii(p);
    }
    if (p == 0) return 0;
  }
}

function skipEscape(p: usize): usize {
  switch (load<u8>(p, 1)) {
    case 0x22:
    case 0x5c:
    case 0x2f:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return p + 2;
    case 0x75:
      // Any -1 makes the sum of the bits negative.
      return (hexValue(load<u8>(p, 2)) | hexValue(load<u8>(p, 3)) | hexValue(load<u8>(p, 4)) | hexValue(load<u8>(p, 5))) < 0
        ? 0
        : p + 6;
  }
  return 0;
}

/** -1 where it is no hexadecimal digit. */
// @ts-ignore: decorator
@inline
export function hexValue(c: i32): i32 {
  if (<u32>(c - 0x30) < 10) return c - 0x30;
  const letter = c | 0x20;
  return <u32>(letter - 0x61) < 6 ? letter - 0x57 : -1;
}

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

// @ts-ignore: decorator
@inline
function isDigit(c: u32): bool {
  return c - 0x30 < 10;
}

function skipDigits(p: usize): usize {
  while (isDigit(load<u8>(p))) p++;
  return p;
}

function skipNumber(p: usize): usize {
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

// @ts-ignore: decorator
@inline
function skipScalar(p: usize, c: u32): usize {
  if (c == 0x22) return skipString(p + 1);
  if (c == 0x2d || isDigit(c)) return skipNumber(p);
  const word = load<u32>(p);
  if (word == 0x65757274 || word == 0x6c6c756e) return p + 4;
  if (word == 0x736c6166 && load<u8>(p, 4) == 0x65) return p + 5;
  return 0;
}

/** Behind the value that begins at `p`; 0 where there is none. */
export function skipValue(p: usize): usize {
  const c = <u32>load<u8>(p);
  return c == 0x7b || c == 0x5b ? skipContainer(p) : skipScalar(p, c);
}

/** A key, its colon and the space around it, from its opening quote on. */
function skipKey(p: usize): usize {
  if (load<u8>(p) != 0x22) return 0;
  p = skipString(p + 1);
  if (p == 0) return 0;
  p = skipSpace(p);
  return load<u8>(p) == 0x3a ? skipSpace(p + 1) : 0;
}

function skipContainer(p: usize): usize {
  let top = containers - 1;
  while (true) {
    // At a value.
    const c = <u32>load<u8>(p);
    if (c == 0x7b || c == 0x5b) {
      const isObject: u8 = u8(c == 0x7b);
      store<u8>(++top, isObject);
      p = skipSpace(p + 1);
      if (load<u8>(p) != <u8>(c + 2)) {
        if (isObject != 0) {
          p = skipKey(p);
          if (p == 0) return 0;
        }
        continue;
      }
      p++;
      top--;
    } else {
      p = skipScalar(p, c);
      if (p == 0) return 0;
    }
    // Behind a value.
    while (true) {
      if (top < containers) return p;
      p = skipSpace(p);
      const next = <u32>load<u8>(p);
      const isObject = load<u8>(top);
      if (next == 0x2c) {
        p = skipSpace(p + 1);
        if (isObject != 0) {
          p = skipKey(p);
          if (p == 0) return 0;
        }
        break;
      }
      if (next != (isObject != 0 ? 0x7d : 0x5d)) return 0;
      p++;
      top--;
    }
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

/** Decodes the escapes of a valid string's body to WTF-8 at `to`; returns the end there. */
export function decodeString(p: usize, end: usize, to: usize): usize {
  while (p < end) {
    const c = load<u8>(p);
    if (c != 0x5c) {
      store<u8>(to++, c);
      p++;
      continue;
    }
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
  return to;
}

function hexUnit(p: usize): i32 {
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
