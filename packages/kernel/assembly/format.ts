/** A row as a line of JSON: `,` LF `"key":count`. */

/** A byte of a key takes six at the most; the rest is for quotes, colon, comma, LF and twenty digits. */
const SLACK: usize = 64;

// @ts-ignore: decorator
@inline
export function textRoom(length: usize): usize {
  return length * 6 + SLACK;
}

// @ts-ignore: decorator
@inline
export function formatRow(key: usize, length: usize, count: u64, to: usize, isFirst: bool): usize {
  if (!isFirst) store<u8>(to++, 0x2c);
  store<u16>(to, 0x220a);
  to = formatString(key, length, to + 2);
  if (count < 10) {
    store<u32>(to, 0x303a22 + (<u32>count << 16));
    return to + 3;
  }
  store<u16>(to, 0x3a22);
  return formatCount(count, to + 2);
}

/** Bytes that do not stand for themselves: quote, backslash, controls, and what lone surrogates begin with. */
// @ts-ignore: decorator
@inline
function special(bytes: v128): v128 {
  return v128.or(
    v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c))),
    v128.or(i8x16.lt_u(bytes, i8x16.splat(0x20)), i8x16.eq(bytes, i8x16.splat(<i8>0xed))),
  );
}

// @ts-ignore: decorator
@inline
function formatString(p: usize, length: usize, to: usize): usize {
  const end = p + length;
  while (p + 16 <= end) {
    const bytes = v128.load(p);
    v128.store(to, bytes);
    if (v128.any_true(special(bytes))) return formatSpecial(p, end, to);
    p += 16;
    to += 16;
  }
  const bytes = v128.load(p);
  v128.store(to, bytes);
  if (i8x16.bitmask(special(bytes)) & ((1 << <i32>(end - p)) - 1)) return formatSpecial(p, end, to);
  return to + (end - p);
}

function formatSpecial(p: usize, end: usize, to: usize): usize {
  while (p < end) {
    const bytes = v128.load(p);
    v128.store(to, bytes);
    const found = i8x16.bitmask(special(bytes));
    const plain = min<usize>(found == 0 ? 16 : <usize>ctz<i32>(found), end - p);
    p += plain;
    to += plain;
    if (plain == 16 || p == end) continue;
    const c = <u32>load<u8>(p);
    if (c == 0xed) {
      const second = <u32>load<u8>(p, 1);
      if (second < 0xa0) {
        store<u8>(to, 0xed);
        p++;
        to++;
        continue;
      }
      const unit = 0xd000 | ((second & 0x3f) << 6) | (<u32>load<u8>(p, 2) & 0x3f);
      to = formatUnit(unit, to);
      p += 3;
      continue;
    }
    to = formatEscape(c, to);
    p++;
  }
  return to;
}

function formatEscape(c: u32, to: usize): usize {
  let letter: u32 = c;
  switch (c) {
    case 0x22:
    case 0x5c:
      break;
    case 0x08:
      letter = 0x62;
      break;
    case 0x09:
      letter = 0x74;
      break;
    case 0x0a:
      letter = 0x6e;
      break;
    case 0x0c:
      letter = 0x66;
      break;
    case 0x0d:
      letter = 0x72;
      break;
    default:
      return formatUnit(c, to);
  }
  store<u16>(to, <u16>(0x5c | (letter << 8)));
  return to + 2;
}

function formatUnit(unit: u32, to: usize): usize {
  store<u16>(to, 0x755c);
  store<u8>(to, hexDigit(unit >> 12), 2);
  store<u8>(to, hexDigit((unit >> 8) & 15), 3);
  store<u8>(to, hexDigit((unit >> 4) & 15), 4);
  store<u8>(to, hexDigit(unit & 15), 5);
  return to + 6;
}

// @ts-ignore: decorator
@inline
function hexDigit(value: u32): u8 {
  return <u8>(value < 10 ? 0x30 + value : 0x57 + value);
}

function formatCount(count: u64, to: usize): usize {
  let digits: usize = 1;
  for (let rest = count; rest >= 10; rest /= 10) digits++;
  const end = to + digits;
  let at = end;
  do {
    store<u8>(--at, <u8>(0x30 + (count % 10)));
    count /= 10;
  } while (count != 0);
  return end;
}
