import { concatBytes } from '@mapreduce/shared-utils';
import { REJECT_HEAD_BYTES } from './kernel';

const LF = 0x0a;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf] as const;

/** A byte order mark is taken off later. */
const HEAD_BYTES = REJECT_HEAD_BYTES + BYTE_ORDER_MARK.length;

export interface Line {
  /** Byte offset of the line in its file. */
  readonly offset: number;
  /** Bytes of the line as it stands in the file, without its LF but with a byte order mark. */
  readonly length: number;
  /** A line over the limit: of its bytes only the head was kept. */
  readonly isTooLong: boolean;
  /** Without a byte order mark; valid only during the call. */
  readonly bytes: Uint8Array;
}

/**
 * Cuts chunks into lines at LF. Holds at most one line of `maxLineBytes`, and of a longer one only its
 * head, so memory does not depend on the input.
 */
export class LineAssembler {
  readonly #maxLineBytes: number;
  readonly #onLine: (line: Line) => void;
  #pieces: Uint8Array[] = [];
  #length = 0;
  #offset = 0;

  constructor(maxLineBytes: number, onLine: (line: Line) => void) {
    this.#maxLineBytes = maxLineBytes;
    this.#onLine = onLine;
  }

  begin(offset: number): void {
    this.#pieces = [];
    this.#length = 0;
    this.#offset = offset;
  }

  push(chunk: Uint8Array): void {
    let start = 0;
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, start)) {
      this.#finishLine(chunk.subarray(start, end), 1);
      start = end + 1;
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start));
  }

  end(): void {
    const isOnlyByteOrderMark = this.#length === 3 && this.#skippedBytes(concatBytes(this.#pieces)) === 3;
    if (this.#length > 0 && !isOnlyByteOrderMark) this.#finishLine(new Uint8Array(0), 0);
  }

  /** Copies: the chunk belongs to the caller. A `Buffer`'s own `slice` would not. */
  #keep(piece: Uint8Array): void {
    this.#length += piece.length;
    if (this.#isTooLong) this.#pieces = [headOf([...this.#pieces, piece.subarray(0, HEAD_BYTES)])];
    else this.#pieces.push(new Uint8Array(piece));
  }

  /** A byte order mark is not known yet, so three bytes of grace are given until the line is whole. */
  get #isTooLong(): boolean {
    return this.#length > this.#maxLineBytes + BYTE_ORDER_MARK.length;
  }

  #finishLine(rest: Uint8Array, terminatorBytes: number): void {
    const offset = this.#offset;
    let bytes = rest;
    if (this.#length > 0) {
      this.#keep(rest);
      bytes = concatBytes(this.#pieces);
    } else {
      this.#length = rest.length;
    }
    const length = this.#length;
    const skipped = this.#skippedBytes(bytes);
    const isTooLong = length - skipped > this.#maxLineBytes;
    this.#onLine({ offset, length, isTooLong, bytes: skipped === 0 ? bytes : bytes.subarray(skipped) });
    this.begin(offset + length + terminatorBytes);
  }

  #skippedBytes(line: Uint8Array): number {
    const hasMark = this.#offset === 0 && BYTE_ORDER_MARK.every((byte, index) => line[index] === byte);
    return hasMark ? BYTE_ORDER_MARK.length : 0;
  }
}

function headOf(pieces: readonly Uint8Array[]): Uint8Array {
  return concatBytes(pieces).slice(0, HEAD_BYTES);
}
