/** Strings, a window at a time. */
import { escapedOf, hexUnit } from './escapes';
import { skipNonAscii } from './utf8';
import { bits, isBackslash, isControlOrNonAscii, isEscapeLetter, isQuote, isSpecial, isU, join } from './windows';

/** Whether the last string or name has escapes; not told of short ones that are neither counted nor names. */
export let hasEscape: bool = false;

/** Behind the quote of a string of fewer than 16 plain characters, which most are; 0 where it is another. */
// @ts-ignore: decorator
@inline
export function skipShortString(p: usize): usize {
  const bytes = v128.load(p);
  const quotes = i8x16.bitmask(isQuote(bytes));
  const others = i8x16.bitmask(v128.or(isBackslash(bytes), isControlOrNonAscii(bytes)));
  // Up to the first quote; where there is none, these are all bits.
  return quotes != 0 && (others & (quotes ^ (quotes - 1))) == 0 ? p + <usize>ctz<i32>(quotes) + 1 : 0;
}

/** From behind the opening quote of a name to behind the closing one; 0 where it is no string. */
export function skipName(p: usize): usize {
  hasEscape = false;
  const after = skipShortString(p);
  return after != 0 ? after : skipString(p);
}

/** From behind the opening quote to behind the closing one; 0 where it is no string. */
export function skipString(p: usize): usize {
  if (bits(isBackslash(v128.load(p))) != 0) return skipEscapedString(p);
  hasEscape = false;
  while (true) {
    const special = <u32>(bits(isSpecial(v128.load(p))) | (bits(isSpecial(v128.load(p, 16))) << 16));
    if (special == 0) {
      p += 32;
      continue;
    }
    p += <usize>ctz<u32>(special);
    const first = load<u8>(p);
    if (first == 0x22) return p + 1;
    if (first == 0x5c) return skipEscapedString(p);
    if (first < 0x20) return 0;
    p = skipNonAscii(p);
    if (p == 0) return 0;
  }
}

/** The same from a backslash on, which finds all the escapes of a window at once. */
function skipEscapedString(p: usize): usize {
  hasEscape = true;
  while (true) {
    const a = v128.load(p);
    const b = v128.load(p, 16);
    const c = v128.load(p, 32);
    const d = v128.load(p, 48);
    const backslashes = join(isBackslash(a), isBackslash(b), isBackslash(c), isBackslash(d));
    const escaped = escapedOf(backslashes);
    const quotes = join(isQuote(a), isQuote(b), isQuote(c), isQuote(d)) & ~escaped;
    const stops = quotes | join(isControlOrNonAscii(a), isControlOrNonAscii(b), isControlOrNonAscii(c), isControlOrNonAscii(d));
    // Up to the first stop; where there is none, these are all bits.
    const inside = escaped & (stops ^ (stops - 1));
    const letters = join(isEscapeLetter(a), isEscapeLetter(b), isEscapeLetter(c), isEscapeLetter(d));
    if ((inside & ~letters) != 0) return 0;
    for (let units = inside & join(isU(a), isU(b), isU(c), isU(d)); units != 0; units &= units - 1) {
      if (hexUnit(p + <usize>ctz<u64>(units) + 1) < 0) return 0;
    }
    if (stops == 0) {
      p += 64;
      // A backslash at the end begins the next window, with what it escapes.
      if ((backslashes & ~escaped) >> 63 != 0) p--;
      continue;
    }
    p += <usize>ctz<u64>(stops);
    const first = load<u8>(p);
    if (first == 0x22) return p + 1;
    if (first < 0x20) return 0;
    p = skipNonAscii(p);
    if (p == 0) return 0;
  }
}

