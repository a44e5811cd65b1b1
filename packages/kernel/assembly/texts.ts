/**
 * The texts between values that were read before. Lines of a log have the same texts in the same order, so each is
 * remembered with what it leads to, and most often one comparison stands for reading it: its bytes were found valid,
 * and what they mean follows from them and from the state in front of them.
 */
import { equalBytes, firstBytes } from './hash';
import { depth, effect, isNumberStart, isWordStart, kind, NUMBER, onPath, reopen, stackBits, WORD } from './structure';

/**
 * A remembered text: `[text 64 bytes, mask of the first 16, length u32, kind u32, effect u32, depth u32, stack u64,
 * onPath u32, -, successors 4 u32]`; what is open behind it is a bit a container.
 */
const NODE: usize = 144;
const MASK: usize = 64;
const LENGTH: usize = 80;
const KIND: usize = 84;
const EFFECT: usize = 88;
const DEPTH: usize = 92;
const STACK: usize = 96;
const ON_PATH: usize = 104;
const SUCCESSORS: usize = 112;
const SUCCESSORS_END: usize = 128;

const MAX_TEXT: usize = 64;
const MAX_DEPTH: usize = 64;
const NODES: usize = 1024;
const nodes: usize = memory.data(1024 * 144, 16);
let nodesTop: usize = 0;

/** Addresses of nodes by their texts, later ones in the place of earlier ones. */
const BUCKETS: usize = 256;
const buckets: usize = memory.data(256 * 4, 16);

/** What a line begins with: nothing was read, nothing is open. */
export const LINE_START: usize = nodes;

/** What they mean depends on the field that is wanted. */
export function forgetTexts(): void {
  memory.fill(nodes, 0, NODE);
  memory.fill(buckets, 0, BUCKETS << 2);
  nodesTop = nodes + NODE;
}

// @ts-ignore: decorator
@inline
export function kindOf(node: usize): u32 {
  return load<u32>(node, KIND);
}

// @ts-ignore: decorator
@inline
export function effectOf(node: usize): u32 {
  return load<u32>(node, EFFECT);
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
  for (let at: usize = SUCCESSORS + 4; at < SUCCESSORS_END; at += 4) {
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
  // The text of a string ends in its quote, so only these two leave open what comes.
  const valueKind = kindOf(node);
  if (valueKind == NUMBER) return isNumberStart(load<u8>(p + length));
  return valueKind != WORD || isWordStart(load<u8>(p + length));
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

/** Goes back to what is open behind a remembered text. */
export function openAsBehind(node: usize): void {
  reopen(<usize>load<u32>(node, DEPTH), load<u64>(node, STACK), <usize>load<u32>(node, ON_PATH));
}

/** Remembers the text `[from, to)` as one that follows `node`; 0 where it is too long or too deep for that. */
export function remember(node: usize, from: usize, to: usize): usize {
  const length = to - from;
  if (length > MAX_TEXT || length == 0 || depth > MAX_DEPTH) return 0;
  const bucket = buckets + ((hashText(from, length) & (BUCKETS - 1)) << 2);
  const known = <usize>load<u32>(bucket);
  if (known != 0 && isSame(known, from, length)) {
    succeed(node, known);
    return known;
  }
  if (nodesTop == nodes + NODES * NODE) {
    forgetTexts();
    return 0;
  }
  const added = nodesTop;
  nodesTop += NODE;
  for (let at: usize = 0; at < MAX_TEXT; at += 16) v128.store(added + at, v128.load(from + at));
  v128.store(added, firstBytes(min<usize>(length, 16)), MASK);
  store<u32>(added, <u32>length, LENGTH);
  store<u32>(added, kind, KIND);
  store<u32>(added, effect, EFFECT);
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
    kindOf(node) == kind &&
    effectOf(node) == effect &&
    load<u32>(node, DEPTH) == <u32>depth &&
    load<u64>(node, STACK) == stackBits() &&
    load<u32>(node, ON_PATH) == <u32>onPath
  );
}

/** The newest first; the oldest of four is forgotten. */
function succeed(node: usize, next: usize): void {
  for (let at = SUCCESSORS_END - 4; at > SUCCESSORS; at -= 4) store<u32>(node + at, load<u32>(node + at - 4));
  store<u32>(node, <u32>next, SUCCESSORS);
}
