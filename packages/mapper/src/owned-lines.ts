import type { ByteRange } from '@mapreduce/shared-utils';

const LF = 0x0a;

/** The end of a split's last line is most often near; each further look is twice as far. */
const FIRST_TAIL_BYTES = 64 * 1024;
const MAX_TAIL_BYTES = 8 * 1024 * 1024;

export interface Piece {
  /** Byte offset in the object. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/**
 * The whole lines that begin in `[start, end)` of an object of `size` bytes, in pieces of any size. Over
 * ranges that tile the object every byte is in exactly one piece, wherever the cuts are; a line that spans
 * several ranges belongs to the one it begins in.
 */
export async function* ownedLines(
  read: (range: ByteRange) => AsyncIterable<Uint8Array>,
  { start, end, size }: ByteRange & { readonly size: number },
): AsyncGenerator<Piece> {
  if (start === end) return;
  // A line begins at `start` exactly when the byte before it is a LF, so that byte is read too.
  let offset = Math.max(start - 1, 0);
  let isOwned = start === 0;
  let isOver = false;
  for (const range of rangesOnward(offset, end, size)) {
    for await (const chunk of read(range)) {
      // Whoever is given a piece of the chunk may take it away.
      const { length } = chunk;
      // Every read goes on to its end: only there the store has checked that the object stayed the same.
      if (isOver) continue;
      let from = 0;
      if (!isOwned) {
        const lf = chunk.indexOf(LF);
        const lineStart = lf === -1 ? offset + length : offset + lf + 1;
        isOver = lineStart >= end;
        if (isOver) continue;
        isOwned = lf !== -1;
        from = lineStart - offset;
      }
      const lastLf = isOwned ? chunk.indexOf(LF, Math.max(end - 1 - offset, from)) : -1;
      const to = lastLf === -1 ? length : lastLf + 1;
      if (from < to) yield { offset: offset + from, bytes: chunk.subarray(from, to) };
      isOver = lastLf !== -1;
      offset += length;
    }
    if (isOver) return;
  }
}

function* rangesOnward(start: number, end: number, size: number): Generator<ByteRange> {
  yield { start, end };
  let tail = FIRST_TAIL_BYTES;
  for (let at = end; at < size; at += tail, tail = Math.min(tail * 2, MAX_TAIL_BYTES)) {
    yield { start: at, end: Math.min(at + tail, size) };
  }
}
