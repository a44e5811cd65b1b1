/**
 * The texts between values that were read before. Lines of a log have the same texts in the same order, so each is
 * remembered with what it leads to, and most often one comparison stands for reading it: its bytes were found valid,
 * and what they mean follows from them and from the state in front of them.
 */
import { equalBytes, firstBytes } from './hash';
import {
  depth,
  isNumberStart,
  isWordStart,
  KINDS,
  meaning,
  NUMBER,
  onPath,
  readFirstText,
  readText,
  reopen,
  stackBits,
} from './structure';

/**
 * A remembered text: `[text 64 bytes, mask of the first 16, length u32, meaning u32, depth u32, onPath u32, stack u64,
 * -, successors 4 u32]`; what is open behind it is a bit a container.
 */
const NODE: usize = 128;
const MASK: usize = 64;
const LENGTH: usize = 80;
const MEANING: usize = 84;
const DEPTH: usize = 88;
const ON_PATH: usize = 92;
const STACK: usize = 96;
const SUCCESSORS: usize = 112;

const MAX_TEXT: usize = 64;
const MAX_DEPTH: usize = 64;
const NODES: usize = 1024;
const nodes: usize = memory.data(1024 * 128, 16);
let nodesTop: usize = 0;

/** Addresses of nodes by their texts, later ones in the place of earlier ones. */
const BUCKETS: usize = 256;
const buckets: usize = memory.data(256 * 4, 16);

/** What a line begins with: nothing was read, nothing is open. */
export const LINE_START: usize = nodes;
/** A text that is not remembered, nor is what comes behind it. */
export const UNKNOWN: usize = nodes + NODE;

/** The text behind which the stack of open containers is as it was left; 0 where it is none. */
let opened: usize = 0;
/** How often a text had to be read. */
export let misses: u32 = 0;

/** What they mean depends on the field that is wanted. */
export function forgetTexts(): void {
  memory.fill(nodes, 0, 2 * NODE);
  memory.fill(buckets, 0, BUCKETS << 2);
  nodesTop = nodes + 2 * NODE;
  opened = 0;
}

// @ts-ignore: decorator
@inline
export function meaningOf(node: usize): u32 {
  return load<u32>(node, MEANING);
}

// @ts-ignore: decorator
@inline
export function lengthOf(node: usize): usize {
  return <usize>load<u32>(node, LENGTH);
}

/** The text at `p`, of those that were seen behind `node`; 0 where it is none of them. */
// @ts-ignore: decorator
@inline
export function successorAt(node: usize, p: usize): usize {
  const first = <usize>load<u32>(node, SUCCESSORS);
  return first != 0 && isTextAt(first, p) ? first : otherSuccessorAt(node, p);
}

function otherSuccessorAt(node: usize, p: usize): usize {
  for (let at: usize = SUCCESSORS + 4; at < NODE; at += 4) {
    const next = <usize>load<u32>(node + at);
    if (next == 0) return 0;
    if (isTextAt(next, p)) return next;
  }
  return 0;
}

// @ts-ignore: decorator
@inline
function isTextAt(node: usize, p: usize): bool {
  const differs = v128.and(v128.xor(v128.load(p), v128.load(node)), v128.load(node, MASK));
  if (v128.any_true(differs)) return false;
  const length = lengthOf(node);
  if (length > 16 && !equalTail(node, p, length)) return false;
  const kind = meaningOf(node) & KINDS;
  // The others end in what tells them: the quote of a string, or a LF.
  return kind < NUMBER || isValueStart(load<u8>(p + length), kind);
}

// @ts-ignore: decorator
@inline
function isValueStart(c: u32, kind: u32): bool {
  return kind == NUMBER ? isNumberStart(c) : isWordStart(c);
}

// @ts-ignore: decorator
@inline
function equalTail(a: usize, b: usize, length: usize): bool {
  for (let at: usize = 16; at + 16 < length; at += 16) {
    if (v128.any_true(v128.xor(v128.load(a + at), v128.load(b + at)))) return false;
  }
  const last = length - 16;
  return !v128.any_true(v128.xor(v128.load(a + last), v128.load(b + last)));
}

/** Reads the text at `p` behind `node`, and remembers it where that can be. Returns it, or 0 where the line is broken. */
export function readSuccessor(node: usize, p: usize, isFirst: bool): usize {
  misses++;
  if (node != opened) reopen(<usize>load<u32>(node, DEPTH), load<u64>(node, STACK), <usize>load<u32>(node, ON_PATH));
  opened = 0;
  const end = isFirst ? readFirstText(p) : readText(p);
  if (end == 0) return 0;
  opened = node == UNKNOWN ? UNKNOWN : remember(node, p, end);
  if (opened == UNKNOWN) {
    store<u32>(UNKNOWN, <u32>(end - p), LENGTH);
    store<u32>(UNKNOWN, meaning, MEANING);
  }
  return opened;
}

/** Remembers the text `[from, to)` as one that follows `node`; UNKNOWN where it is too long or too deep for that. */
function remember(node: usize, from: usize, to: usize): usize {
  const length = to - from;
  if (length > MAX_TEXT || length == 0 || depth > MAX_DEPTH) return UNKNOWN;
  const bucket = buckets + ((hashText(from, length) & (BUCKETS - 1)) << 2);
  const known = <usize>load<u32>(bucket);
  if (known != 0 && isSame(known, from, length)) {
    succeed(node, known);
    return known;
  }
  if (nodesTop == nodes + NODES * NODE) {
    forgetTexts();
    return UNKNOWN;
  }
  const added = nodesTop;
  nodesTop += NODE;
  for (let at: usize = 0; at < MAX_TEXT; at += 16) v128.store(added + at, v128.load(from + at));
  v128.store(added, firstBytes(min<usize>(length, 16)), MASK);
  store<u32>(added, <u32>length, LENGTH);
  store<u32>(added, meaning, MEANING);
  store<u32>(added, <u32>depth, DEPTH);
  store<u64>(added, stackBits(), STACK);
  store<u32>(added, <u32>onPath, ON_PATH);
  v128.store(added, i64x2.splat(0), SUCCESSORS);
  store<u32>(bucket, <u32>added);
  succeed(node, added);
  return added;
}

// @ts-ignore: decorator
@inline
function hashText(from: usize, length: usize): usize {
  const word = length < 8 ? load<u64>(from) << ((8 - length) << 3) : load<u64>(from) ^ load<u64>(from + length - 8);
  return <usize>((word * 0x9e3779b97f4a7c15) >> 56) ^ length;
}

function isSame(node: usize, from: usize, length: usize): bool {
  return (
    lengthOf(node) == length &&
    equalBytes(node, from, length) &&
    meaningOf(node) == meaning &&
    load<u32>(node, DEPTH) == <u32>depth &&
    load<u64>(node, STACK) == stackBits() &&
    load<u32>(node, ON_PATH) == <u32>onPath
  );
}

/** The newest first; the oldest of four is forgotten. */
function succeed(node: usize, next: usize): void {
  for (let at = NODE - 4; at > SUCCESSORS; at -= 4) store<u32>(node + at, load<u32>(node + at - 4));
  store<u32>(node, <u32>next, SUCCESSORS);
}
