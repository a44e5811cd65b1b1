/** Whole lines in, keys into the table, bad lines into a list. */
import { decodeString } from './escapes';
import { skipNumber, skipSpace, skipWord } from './scalars';
import { hasEscape, skipShortString, skipString } from './strings';
import { FORGET, KINDS, LINE_END, NUMBER, STRING, URL, WORD } from './structure';
import { addKey } from './table';
import { forgetTexts, lengthOf, LINE_START, meaningOf, misses, readSuccessor, successorAt, UNKNOWN } from './texts';
import { isUtf8 } from './utf8';

/** Reasons in the order of REJECT_REASONS on the host. */
const MALFORMED_JSON: u32 = 0;
const INVALID_UTF8: u32 = 1;
const NOT_OBJECT: u32 = 2;
const MISSING_URL: u32 = 3;
const URL_NOT_STRING: u32 = 4;
const LINE_TOO_LONG: u32 = 5;

const REJECT_BYTES: usize = 12;
const MAX_REJECTS: u32 = 1024;
/** `[line u32, length u32, reason u32]` */
const rejects: usize = memory.data(12 * 1024, 16);
export let rejected: u32 = 0;

export let okLines: u64 = 0;
export let blankLines: u64 = 0;

let maxLineBytes: usize = 0;
/** Where URLs with escapes are decoded to; as long as the input, so it cannot overflow in one call. */
let scratch: usize = 0;
let scratchTop: usize = 0;

/** For how many calls texts are not looked up. */
let pause: u32 = 0;
const PAUSE: u32 = 32;
/** To read a text that is not known costs about eight times what it saves to know one, with a value 20 bytes long. */
const BYTES_PER_MISS: usize = 160;

/** What the record's URL is so far: what a text has done to it, or that it was found. */
const MISSING: u32 = FORGET;
const FOUND: u32 = 1;
let state: u32 = MISSING;
let urlAt: usize = 0;
let urlEnd: usize = 0;
let urlHasEscape: bool = false;

export function rejectsAt(): usize {
  return rejects;
}

export function initScan(maxLine: usize, scratchAt: usize): void {
  maxLineBytes = maxLine;
  scratch = scratchAt;
  forgetTexts();
}

/**
 * Reads the lines of `[p, end)`, which ends behind a LF with 64 readable bytes after it. Returns where it
 * stopped: at the end, or where the list of rejects is full.
 */
export function scanLines(p: usize, end: usize): usize {
  rejected = 0;
  scratchTop = scratch;
  const from = p;
  const missed = misses;
  const start = pause == 0 ? LINE_START : UNKNOWN;
  while (p < end && rejected < MAX_REJECTS) p = scanLine(p, start);
  if (pause != 0) {
    pause--;
  } else if ((misses - missed) * BYTES_PER_MISS > p - from) {
    // Lines that are all different are better read without.
    pause = PAUSE;
  }
  return p;
}

/** `text` is what a line begins with: UNKNOWN where no texts are to be looked up. */
function scanLine(line: usize, text: usize): usize {
  let p = line;
  state = MISSING;
  while (true) {
    let next = successorAt(text, p);
    if (next == 0) {
      next = readSuccessor(text, p, p == line);
      if (next == 0) return rejectBroken(line);
    }
    text = next;
    p += lengthOf(text);
    const meaning = meaningOf(text);
    if (meaning == STRING) {
      const after = skipShortString(p);
      p = after != 0 ? after : skipString(p);
    } else if (meaning == NUMBER) {
      p = skipNumber(p);
    } else {
      if (meaning > KINDS) state = meaning & ~KINDS;
      const kind = meaning & KINDS;
      if (kind == LINE_END) break;
      p = kind == URL ? takeUrl(p) : kind == WORD ? skipWord(p) : kind == STRING ? skipString(p) : skipNumber(p);
    }
    if (p == 0) return rejectBroken(line);
  }
  const lf = p - 1;
  if (lf - line > maxLineBytes) return reject(line, lf, LINE_TOO_LONG);
  if (state == FOUND) {
    okLines++;
    addUrl();
    return p;
  }
  const first = load<u8>(skipSpace(line));
  if (first == 0x0a) {
    blankLines++;
    return p;
  }
  return reject(line, lf, first != 0x7b ? NOT_OBJECT : state == MISSING ? MISSING_URL : URL_NOT_STRING);
}

function takeUrl(p: usize): usize {
  const after = skipString(p);
  state = FOUND;
  urlAt = p;
  urlEnd = after - 1;
  urlHasEscape = hasEscape;
  return after;
}

// @ts-ignore: decorator
@inline
function addUrl(): void {
  if (!urlHasEscape) {
    addKey(urlAt, <u32>(urlEnd - urlAt), 1);
    return;
  }
  const key = scratchTop;
  scratchTop = decodeString(urlAt, urlEnd, key);
  addKey(key, <u32>(scratchTop - key), 1);
}

function rejectBroken(line: usize): usize {
  let end = line;
  while (load<u8>(end) != 0x0a) end++;
  if (end - line > maxLineBytes) return reject(line, end, LINE_TOO_LONG);
  return reject(line, end, isUtf8(line, end) ? MALFORMED_JSON : INVALID_UTF8);
}

function reject(line: usize, end: usize, reason: u32): usize {
  const at = rejects + <usize>(rejected++) * REJECT_BYTES;
  store<u32>(at, <u32>line);
  store<u32>(at, <u32>(end - line), 4);
  store<u32>(at, reason, 8);
  return end + 1;
}
