/** Whole lines in, keys into the table, bad lines into a list. */
import {
  decodeString,
  hasEscape,
  isUtf8,
  setContainers,
  skipSpace,
  skipString,
  skipValue,
} from './json';
import { addKey } from './table';
import { equalBytes, firstBytes } from './hash';

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

/** The field's path: `[at u32, length u32]` a name, outermost first. */
let path: usize = 0;
let pathLength: i32 = 0;
let maxLineBytes: usize = 0;
/** Where keys with escapes are decoded to; as long as the input, so it cannot overflow in one call. */
let scratch: usize = 0;
let scratchTop: usize = 0;

/** `[text v128, mask v128, length u32, wanted u32, -]`: the name and colon of the first members, as last seen. */
const PREDICTIONS: usize = 16;
const PREDICTION_BYTES: usize = 48;
const predictions: usize = memory.data(16 * 48, 16);
let nameIsWanted: bool = false;

/** What the record's URL is so far. */
const MISSING: i32 = 0;
const FOUND: i32 = 1;
const NOT_STRING: i32 = 2;
let state: i32 = MISSING;
let urlAt: usize = 0;
let urlEnd: usize = 0;
let urlHasEscape: bool = false;

export function rejectsAt(): usize {
  return rejects;
}

export function initScan(pathAt: usize, names: i32, maxLine: usize, containersAt: usize, scratchAt: usize): void {
  path = pathAt;
  pathLength = names;
  maxLineBytes = maxLine;
  scratch = scratchAt;
  setContainers(containersAt);
}

/**
 * Reads the lines of `[p, end)`, which ends behind a LF with 64 readable bytes after it. Returns where it
 * stopped: at the end, or where the list of rejects is full.
 */
export function scanLines(p: usize, end: usize): usize {
  rejected = 0;
  scratchTop = scratch;
  while (p < end && rejected < MAX_REJECTS) p = scanLine(p);
  return p;
}

function scanLine(line: usize): usize {
  const p = skipSpace(line);
  const c = <u32>load<u8>(p);
  if (c == 0x0a) {
    if (p - line > maxLineBytes) return reject(line, p, LINE_TOO_LONG);
    blankLines++;
    return p + 1;
  }
  state = MISSING;
  const after = c == 0x7b ? skipObject(p, 0) : skipValue(p);
  if (after == 0) return rejectBroken(line);
  const end = skipSpace(after);
  if (load<u8>(end) != 0x0a) return rejectBroken(line);
  if (end - line > maxLineBytes) return reject(line, end, LINE_TOO_LONG);
  if (state == FOUND) {
    okLines++;
    addUrl();
    return end + 1;
  }
  return reject(line, end, c != 0x7b ? NOT_OBJECT : state == MISSING ? MISSING_URL : URL_NOT_STRING);
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

/** The object whose brace is at `p`, at the given depth of the path; 0 where it is broken. */
function skipObject(p: usize, depth: i32): usize {
  p = skipSpace(p + 1);
  if (load<u8>(p) == 0x7d) return p + 1;
  let member: usize = 0;
  while (true) {
    p = depth == 0 && member < PREDICTIONS ? skipPredictedName(p, member++) : skipName(p, depth);
    if (p == 0) return 0;
    const isWanted = nameIsWanted;
    p = skipSpace(p);
    p = isWanted ? skipWanted(p, depth) : skipValue(p);
    if (p == 0) return 0;
    let c = load<u8>(p);
    if (c != 0x2c) {
      if (c == 0x7d) return p + 1;
      p = skipSpace(p);
      c = load<u8>(p);
      if (c == 0x7d) return p + 1;
      if (c != 0x2c) return 0;
    }
    p = skipSpace(p + 1);
  }
}

/** Behind the name and the colon at `p`; 0 where there is none. */
function skipName(p: usize, depth: i32): usize {
  if (load<u8>(p) != 0x22) return 0;
  const name = p + 1;
  p = skipString(name);
  if (p == 0) return 0;
  nameIsWanted = isName(name, p - 1, depth);
  p = skipSpace(p);
  return load<u8>(p) == 0x3a ? p + 1 : 0;
}

/**
 * The same for a member of the top-level object, whose name most often is that of the line before: then one
 * comparison is enough, since what is remembered was found valid.
 */
// @ts-ignore: decorator
@inline
function skipPredictedName(p: usize, member: usize): usize {
  const prediction = predictions + member * PREDICTION_BYTES;
  const length = <usize>load<u32>(prediction, 32);
  const differs = v128.and(v128.xor(v128.load(p), v128.load(prediction)), v128.load(prediction, 16));
  if (length != 0 && !v128.any_true(differs)) {
    nameIsWanted = load<u32>(prediction, 36) != 0;
    return p + length;
  }
  return skipAndRemember(p, prediction);
}

function skipAndRemember(p: usize, prediction: usize): usize {
  const after = skipName(p, 0);
  const length = after - p;
  if (after == 0 || hasEscape || length > 16) return after;
  v128.store(prediction, v128.load(p));
  v128.store(prediction, firstBytes(length), 16);
  store<u32>(prediction, <u32>length, 32);
  store<u32>(prediction, u32(nameIsWanted), 36);
  return after;
}

/** The value of a name on the path: the last of duplicates counts, so whatever was found is forgotten. */
function skipWanted(p: usize, depth: i32): usize {
  const c = load<u8>(p);
  if (depth + 1 < pathLength) {
    state = MISSING;
    return c == 0x7b ? skipObject(p, depth + 1) : skipValue(p);
  }
  if (c != 0x22) {
    state = NOT_STRING;
    return skipValue(p);
  }
  const after = skipString(p + 1);
  state = FOUND;
  urlAt = p + 1;
  urlEnd = after - 1;
  urlHasEscape = hasEscape;
  return after;
}

// @ts-ignore: decorator
@inline
function isName(at: usize, end: usize, depth: i32): bool {
  const wanted = path + (<usize>depth << 3);
  const length = load<u32>(wanted, 4);
  if (!hasEscape) return end - at == length && equalBytes(at, load<u32>(wanted), length);
  return isEscapedName(at, end, load<u32>(wanted), length);
}

function isEscapedName(at: usize, end: usize, wanted: usize, length: u32): bool {
  const decoded = scratchTop;
  return decodeString(at, end, decoded) - decoded == length && equalBytes(decoded, wanted, length);
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
