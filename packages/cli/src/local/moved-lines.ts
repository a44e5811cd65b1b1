import { concatBytes } from '@mapreduce/shared-utils';

const LF = 0x0a;

/** Where a line was in a file, in bytes; its length without LF. */
export interface FormerLine {
  readonly offset: number;
  readonly length: number;
}

/** A line as it is now; `bytes` ends early where it is longer than `maxBytes`, `length` does not. */
export interface MovedLine<Former extends FormerLine> {
  readonly former: Former;
  readonly bytes: Uint8Array;
  readonly length: number;
  readonly hasLf: boolean;
}

/** Lines that are not where they would have to be. */
export class LinesMovedError extends Error {
  override readonly name = 'LinesMovedError';
}

/**
 * Finds lines again in a file of which no others were changed: each is as far from where it was as those in
 * front of it have grown. `former` is in the order of the file. @throws LinesMovedError
 */
export async function* findMovedLines<Former extends FormerLine>(
  pieces: AsyncIterable<{ readonly offset: number; readonly bytes: Uint8Array }>,
  former: readonly Former[],
  maxBytes: number,
): AsyncGenerator<MovedLine<Former>> {
  let index = 0;
  let moved = 0;
  let line: { kept: Uint8Array; length: number } | null = null;
  let lastByte = LF;
  const finish = (hasLf: boolean): MovedLine<Former> => {
    const found = line as NonNullable<typeof line>;
    const was = former[index++] as Former;
    moved += found.length - was.length;
    line = null;
    return { former: was, bytes: found.kept, length: found.length, hasLf };
  };
  for await (const { offset, bytes } of pieces) {
    for (let at = 0; index < former.length; ) {
      if (line === null) {
        at = (former[index] as Former).offset + moved - offset;
        if (at >= bytes.length) break;
        if ((at === 0 ? lastByte : bytes[at - 1]) !== LF) throw new LinesMovedError();
        line = { kept: new Uint8Array(), length: 0 };
      }
      const lf = bytes.indexOf(LF, at);
      const part = bytes.subarray(at, lf === -1 ? bytes.length : lf);
      line.kept = concatBytes([line.kept, part.subarray(0, maxBytes - line.kept.length)]);
      line.length += part.length;
      if (lf === -1) break;
      yield finish(true);
    }
    lastByte = bytes.at(-1) as number;
  }
  if (line !== null) yield finish(false);
  if (index < former.length) throw new LinesMovedError();
}
