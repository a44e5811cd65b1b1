/** The texts between the values of a record, read byte by byte: commas, brackets, names and colons. */
import { decodeString } from './escapes';
import { equalBytes } from './hash';
import { skipSpace } from './scalars';
import { hasEscape, skipName } from './strings';

/** What follows a text: the kind of value, or the end of the line. */
export const STRING: u32 = 1;
/** The string that is counted. */
export const URL: u32 = 2;
export const LINE_END: u32 = 3;
export const NUMBER: u32 = 4;
export const WORD: u32 = 5;
export const KINDS: u32 = 7;

/** What a text does to the URL that was found before it, if anything: the last of duplicates counts. */
export const FORGET: u32 = 8;
const NOT_STRING: u32 = 16;

/** The kind of value that the last text led to, and what the text did. */
export let meaning: u32 = 0;

/** What closes each open container, a byte each; reserved by the host, as long as the input. */
let closers: usize = 0;
export let depth: usize = 0;
/** So many of the outermost open containers are objects on the field's path. */
export let onPath: usize = 0;

/** The field's path: `[at u32, length u32]` a name, outermost first. */
let path: usize = 0;
let pathLength: usize = 0;
let nameIsWanted: bool = false;
/** Where a name with escapes is decoded to, if it can be the wanted one: six bytes for each of that. */
let scratch: usize = 0;
const MAX_ESCAPE: usize = 6;

const OPEN_OBJECT: u32 = 0x7b;
const OPEN_ARRAY: u32 = 0x5b;
/** In ASCII a bracket and what closes it are two apart, and those of objects differ from those of arrays in one bit. */
const OBJECT_BIT: u8 = 5;

export function initStructure(pathAt: usize, names: usize, closersAt: usize, scratchAt: usize): void {
  path = pathAt;
  pathLength = names;
  closers = closersAt;
  scratch = scratchAt;
}

// @ts-ignore: decorator
@inline
export function isNumberStart(c: u32): bool {
  return c - 0x30 < 10 || c == 0x2d;
}

// @ts-ignore: decorator
@inline
export function isWordStart(c: u32): bool {
  return c == 0x74 || c == 0x66 || c == 0x6e;
}

/** A bit for each of at most 64 open containers, from the outermost on: whether it is an object. */
export function stackBits(): u64 {
  let bits: u64 = 0;
  for (let at: usize = 0; at < depth; at++) bits |= (<u64>((load<u8>(closers + at) >> OBJECT_BIT) & 1)) << at;
  return bits;
}

/** Goes back to an earlier state. */
export function reopen(openDepth: usize, stack: u64, openOnPath: usize): void {
  depth = openDepth;
  onPath = openOnPath;
  for (let at: usize = 0; at < depth; at++) {
    store<u8>(closers + at, <u8>(OPEN_ARRAY + 2) | (<u8>((stack >> at) & 1) << OBJECT_BIT));
  }
}

/** Reads the text at the start of a line. Returns where its value begins, or 0 where the line is broken. */
export function readFirstText(p: usize): usize {
  depth = 0;
  onPath = 0;
  meaning = 0;
  nameIsWanted = false;
  p = skipSpace(p);
  if (load<u8>(p) != 0x0a) return readOn(p, true);
  meaning = LINE_END;
  return p + 1;
}

/** The same for the text behind a value. */
export function readText(p: usize): usize {
  meaning = 0;
  return readOn(p, false);
}

/** From a value, or from behind one, to the next value that is no container. */
function readOn(p: usize, isAtValue: bool): usize {
  while (true) {
    if (!isAtValue) {
      p = skipSpace(p);
      const c = load<u8>(p);
      if (depth == 0) {
        meaning |= LINE_END;
        return c == 0x0a ? p + 1 : 0;
      }
      if (c != 0x2c) {
        if (c != load<u8>(closers + depth - 1)) return 0;
        close();
        p++;
        continue;
      }
      p = readMember(p + 1);
      if (p == 0) return 0;
    }
    const isField = nameIsWanted && depth == pathLength;
    if (nameIsWanted) meaning = isField ? NOT_STRING : FORGET;
    const c = <u32>load<u8>(p);
    if (c != OPEN_OBJECT && c != OPEN_ARRAY) return readScalarStart(p, c, isField);
    open(c, nameIsWanted && !isField);
    p = skipSpace(p + 1);
    isAtValue = load<u8>(p) != <u8>(c + 2);
    if (isAtValue) {
      p = readMember(p);
      if (p == 0) return 0;
    } else {
      close();
      p++;
    }
  }
}

function readScalarStart(p: usize, c: u32, isField: bool): usize {
  if (c == 0x22) {
    meaning |= isField ? URL : STRING;
    return p + 1;
  }
  const isNumber = isNumberStart(c);
  meaning |= isNumber ? NUMBER : WORD;
  return isNumber || isWordStart(c) ? p : 0;
}

function open(bracket: u32, isWanted: bool): void {
  if (bracket == OPEN_OBJECT && (isWanted || depth == 0)) onPath = depth + 1;
  store<u8>(closers + depth++, <u8>(bracket + 2));
}

function close(): void {
  depth--;
  onPath = min(onPath, depth);
}

/** To the value of an element, or of a member behind its name. */
function readMember(p: usize): usize {
  p = skipSpace(p);
  nameIsWanted = false;
  return load<u8>(closers + depth - 1) == <u8>(OPEN_OBJECT + 2) ? readName(p) : p;
}

function readName(p: usize): usize {
  if (load<u8>(p) != 0x22) return 0;
  const name = p + 1;
  p = skipName(name);
  if (p == 0) return 0;
  nameIsWanted = onPath == depth && isNameOnPath(name, p - 1);
  p = skipSpace(p);
  return load<u8>(p) == 0x3a ? skipSpace(p + 1) : 0;
}

function isNameOnPath(at: usize, end: usize): bool {
  const wanted = path + ((depth - 1) << 3);
  const length = <usize>load<u32>(wanted, 4);
  if (!hasEscape) return end - at == length && equalBytes(at, load<u32>(wanted), length);
  if (end - at > MAX_ESCAPE * length) return false;
  return decodeString(at, end, scratch) - scratch == length && equalBytes(scratch, load<u32>(wanted), length);
}
