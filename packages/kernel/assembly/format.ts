/** Sorted rows as lines of JSON: `,` LF `"key":count`. */
import { countOf, ITEM, keyOf, lengthOf } from './sort';
import { rowCount } from './table';

/** The first row that was not written. */
export let nextRow: u32 = 0;

/** A byte of a key takes six at the most; the rest is for quotes, colon, comma, LF and twenty digits. */
const SLACK: usize = 64;
/** Rows are touched this far ahead: they lie all over the arena. */
const AHEAD: u32 = 64;
let touched: u32 = 0;

export function rowRoom(items: usize, index: u32): usize {
  return lengthOf(items + <usize>index * ITEM) * 6 + SLACK;
}

/** Writes rows from `index` on into `[to, end)` while they are sure to fit; returns the end of what it wrote. */
export function formatRows(items: usize, index: u32, to: usize, end: usize): usize {
  const rows = rowCount();
  while (index < rows) {
    if (index + AHEAD < rows) touched ^= load<u32>(<usize>load<u32>(items + <usize>(index + AHEAD) * ITEM, 8));
    const item = items + <usize>index * ITEM;
    const length = lengthOf(item);
    if (to + length * 6 + SLACK > end) break;
    if (index != 0) store<u8>(to++, 0x2c);
    store<u16>(to, 0x220a);
    to = formatString(keyOf(item), length, to + 2);
    store<u16>(to, 0x3a22);
    to = formatCount(countOf(item), to + 2);
    index++;
  }
  nextRow = index;
  return to;
}

function formatString(p: usize, length: usize, to: usize): usize {
  const end = p + length;
  const quote = i8x16.splat(0x22);
  const backslash = i8x16.splat(0x5c);
  const space = i8x16.splat(0x20);
  const surrogateLead = i8x16.splat(<i8>0xed);
  while (p < end) {
    const bytes = v128.load(p);
    v128.store(to, bytes);
    const special = i8x16.bitmask(
      v128.or(
        v128.or(i8x16.eq(bytes, quote), i8x16.eq(bytes, backslash)),
        v128.or(i8x16.lt_u(bytes, space), i8x16.eq(bytes, surrogateLead)),
      ),
    );
    const plain = min<usize>(special == 0 ? 16 : <usize>ctz<i32>(special), end - p);
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
