/** Whole lines in, keys into the table, bad lines into a list. */
import { decodeString } from './escapes';
import { skipNumber, skipSpace, skipWord } from './scalars';
import { hasEscape, skipShortString, skipString } from './strings';
import { effect, FORGET, KEEP, kind, NUMBER, readFirstText, readText, STRING, URL, WORD } from './structure';
import { addKey } from './table';
import { effectOf, forgetTexts, kindOf, lengthOf, LINE_START, openAsBehind, remember, successorAt } from './texts';
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

/** How well the memory of texts does, and for how many calls it is left alone. */
let texts: u32 = 0;
let misses: u32 = 0;
let pause: u32 = 0;
const PAUSE: u32 = 32;

/** What the record's URL is so far: what a text has done to it, or that it was found. */
const MISSING: u32 = FORGET;
const FOUND: u32 = 3;

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
  const start: usize = pause == 0 ? LINE_START : 0;
  while (p < end && rejected < MAX_REJECTS) p = scanLine(p, start);
  weighMemory();
  return p;
}

/** To miss costs about eight times what a hit saves; lines that are all different are better read without. */
function weighMemory(): void {
  if (pause != 0) {
    pause--;
  } else if (misses * 8 > texts) {
    pause = PAUSE;
  }
  misses = 0;
  texts = 0;
}

/** `start` is what a line begins with, or 0 where its texts are neither looked up nor remembered. */
function scanLine(line: usize, start: usize): usize {
  let p = line;
  /** The text in front of `p`, 0 where it is not remembered. */
  let text = start;
  /** The text behind which the stack of open containers was left. */
  let opened = start;
  let state = MISSING;
  let urlAt: usize = 0;
  let urlEnd: usize = 0;
  let urlHasEscape = false;
  while (true) {
    texts++;
    let valueKind: u32;
    let valueEffect: u32;
    const next: usize = text == 0 ? 0 : successorAt(text, p);
    if (next != 0) {
      text = next;
      p += lengthOf(next);
      valueKind = kindOf(next);
      valueEffect = effectOf(next);
    } else {
      misses++;
      if (text != opened) openAsBehind(text);
      const after = p == line ? readFirstText(p) : readText(p);
      if (after == 0) return rejectBroken(line);
      valueKind = kind;
      valueEffect = effect;
      text = text == 0 ? 0 : remember(text, p, after);
      opened = text;
      p = after;
    }
    if (valueEffect != KEEP) state = valueEffect;
    if (valueKind == STRING) {
      const after = skipShortString(p);
      p = after != 0 ? after : skipString(p);
    } else if (valueKind == NUMBER) {
      p = skipNumber(p);
    } else if (valueKind == URL) {
      state = FOUND;
      urlAt = p;
      p = skipString(p);
      urlEnd = p - 1;
      urlHasEscape = hasEscape;
    } else if (valueKind == WORD) {
      p = skipWord(p);
    } else {
      break;
    }
    if (p == 0) return rejectBroken(line);
  }
  const lf = p - 1;
  if (lf - line > maxLineBytes) return reject(line, lf, LINE_TOO_LONG);
  if (state == FOUND) {
    okLines++;
    addUrl(urlAt, urlEnd, urlHasEscape);
    return p;
  }
  const first = load<u8>(skipSpace(line));
  if (first == 0x0a) {
    blankLines++;
    return p;
  }
  return reject(line, lf, first != 0x7b ? NOT_OBJECT : state == MISSING ? MISSING_URL : URL_NOT_STRING);
}

// @ts-ignore: decorator
@inline
function addUrl(at: usize, end: usize, isEscaped: bool): void {
  if (!isEscaped) {
    addKey(at, <u32>(end - at), 1);
    return;
  }
  const key = scratchTop;
  scratchTop = decodeString(at, end, key);
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
