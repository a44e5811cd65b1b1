import {
  concatBytes,
  createTally,
  EMPTY_TALLY,
  encodeWtf8,
  REJECT_REASONS,
  type RecordTally,
  type RejectReason,
} from '@mapreduce/shared-utils';
import {
  type CounterOptions,
  type Emission,
  type PartitionRows,
  REJECT_HEAD_BYTES,
  type UrlCounter,
} from './kernel';
import { WasmEngine } from './wasm-engine';

const LF = 0x0a;
const BYTE_ORDER_MARK_BYTES = 3;

/** What is read and scanned at a time: it stays in the second-level cache. */
const WINDOW_BYTES = 256 * 1024;

/** `\u0061`: what one byte of a name may be written as. */
const MAX_ESCAPE_BYTES = 6;

/** The shortest line that has a key: `{"":""}` and LF. */
const MIN_LINE_BYTES = 8;

/** `[line u32, length u32, reason u32]` */
const REJECT_BYTES = 12;

interface LongLine {
  readonly offset: number;
  length: number;
  head: Uint8Array;
}

/** Copies whole lines into the engine's memory and lets it count them. */
export class WasmCounter implements UrlCounter {
  readonly #options: CounterOptions;
  readonly #engine = new WasmEngine();
  readonly #ends: number;
  /** Where input goes: a window of it, or one line of any length up to the limit. */
  readonly #input: number;
  readonly #bad: Record<RejectReason, number> = { ...EMPTY_TALLY.badByReason };
  /** Bytes at the start of the input that are the beginning of a line. */
  #kept = 0;
  /** Offset in the file of the first byte of the input. */
  #offset = 0;
  #mayHaveMark = false;
  /** A line over the limit, of which only the head is kept. */
  #longLine: LongLine | null = null;

  constructor(options: CounterOptions) {
    const { partitionCount, urlField, maxLineBytes } = options;
    const engine = this.#engine;
    this.#options = options;
    const capacity = maxLineBytes + BYTE_ORDER_MARK_BYTES + WINDOW_BYTES + 1;
    this.#ends = engine.reserve(4 * partitionCount);
    const names = urlField.split('.').map(encodeWtf8);
    const path = engine.reserve(8 * names.length);
    const namesAt = names.map((name) => engine.reserve(name.length));
    // Not only as long as the longest line: one that is longer is read to its end where it fits in the input.
    const closers = engine.reserve(capacity);
    const scratch = engine.reserve(capacity);
    const nameScratch = engine.reserve(MAX_ESCAPE_BYTES * Math.max(...names.map(({ length }) => length)));
    this.#input = engine.reserve(capacity);
    engine.startTable(options.tableBytes);
    for (const [index, name] of names.entries()) {
      const at = namesAt[index] as number;
      engine.bytes.set(name, at);
      engine.view.setUint32(path + 8 * index, at, true);
      engine.view.setUint32(path + 8 * index + 4, name.length, true);
    }
    engine.exports.initScan(maxLineBytes, scratch);
    engine.exports.initStructure(path, names.length, closers, nameScratch);
  }

  begin(offset: number): void {
    this.#kept = 0;
    this.#offset = offset;
    this.#mayHaveMark = offset === 0;
    this.#longLine = null;
  }

  room(): Uint8Array {
    const at = this.#input + this.#kept;
    return this.#engine.bytes.subarray(at, at + WINDOW_BYTES);
  }

  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#longLine !== null) {
        at = this.#skipLongLine(this.#longLine, chunk, at);
        continue;
      }
      const piece = chunk.subarray(at, at + WINDOW_BYTES);
      at += piece.length;
      this.#take(piece);
    }
  }

  end(): void {
    const isOnlyMark = this.#kept === BYTE_ORDER_MARK_BYTES && this.#markBytes() > 0;
    if (this.#longLine !== null) {
      this.#finishLongLine(this.#longLine, 0);
    } else if (this.#kept > 0 && !isOnlyMark) {
      this.#engine.bytes[this.#input + this.#kept] = LF;
      this.#scan(this.#kept + 1, 1);
      this.#kept = 0;
    }
  }

  get tally(): RecordTally {
    const { okLines, blankLines } = this.#engine.exports;
    return createTally(Number(okLines.value), Number(blankLines.value), this.#bad);
  }

  get isFull(): boolean {
    return this.#engine.exports.tableBytes() >>> 0 > this.#options.tableBytes;
  }

  emit(): Emission {
    const { exports } = this.#engine;
    const { partitionCount, headerBytes } = this.#options;
    const to = this.#engine.replaceSlots(exports.emitBytes(partitionCount, headerBytes) >>> 0);
    const at = exports.emit(to, this.#ends, partitionCount, headerBytes) >>> 0;
    const partitions: PartitionRows[] = [];
    let top = 0;
    for (let partition = 0; partition < partitionCount; partition++) {
      const end = this.#engine.view.getUint32(this.#ends + 4 * partition, true);
      if (end === top) continue;
      const offset = top + headerBytes;
      partitions.push({ partition, rows: this.#engine.bytes.subarray(at + offset, at + end), offset });
      top = end;
    }
    exports.clearRows();
    return { bytes: this.#engine.bytes.subarray(at, at + top), partitions };
  }

  close(): void {
    this.#engine.release();
  }

  /** Appends a piece that fits; scans up to its last LF and keeps the rest. */
  #take(piece: Uint8Array): void {
    const { bytes } = this.#engine;
    const lastLf = piece.lastIndexOf(LF);
    if (!this.#isInPlace(piece)) bytes.set(piece, this.#input + this.#kept);
    const filled = this.#kept + piece.length;
    if (lastLf === -1) {
      this.#kept = filled;
      if (filled > this.#options.maxLineBytes + BYTE_ORDER_MARK_BYTES) this.#beginLongLine();
      return;
    }
    const scanned = this.#kept + lastLf + 1;
    // Of what was kept one line at most becomes whole.
    this.#scan(scanned, 1 + lastLf / MIN_LINE_BYTES);
    this.#engine.bytes.copyWithin(this.#input, this.#input + scanned, this.#input + filled);
    this.#kept = filled - scanned;
    this.#offset += scanned;
  }

  /** Reads the whole lines that are the first `length` bytes of the input, with at most so many keys. */
  #scan(length: number, keys: number): void {
    const { exports } = this.#engine;
    this.#engine.makeRoom(keys, length);
    const mark = this.#mayHaveMark ? this.#markBytes() : 0;
    this.#mayHaveMark = false;
    const end = this.#input + length;
    const first = this.#input + mark;
    for (let at = first; at < end; ) {
      at = exports.scanLines(at, end) >>> 0;
      exports.flushBatch();
      this.#readRejects(first, mark);
    }
  }

  /** A byte order mark is part of the first line as it stands in the file, but not of what is read. */
  #readRejects(first: number, mark: number): void {
    const { exports, view, bytes } = this.#engine;
    const rejects = exports.rejectsAt();
    for (let index = 0; index < exports.rejected.value; index++) {
      const at = rejects + REJECT_BYTES * index;
      const line = view.getUint32(at, true);
      const length = view.getUint32(at + 4, true);
      const skipped = line === first ? mark : 0;
      this.#reject(REJECT_REASONS[view.getUint32(at + 8, true)] as RejectReason, {
        offset: this.#offset + line - this.#input - skipped,
        length: length + skipped,
        head: bytes.subarray(line, line + Math.min(length, REJECT_HEAD_BYTES)),
      });
    }
  }

  #reject(reason: RejectReason, line: LongLine): void {
    this.#bad[reason]++;
    this.#options.onReject({ ...line, reason });
  }

  #markBytes(): number {
    const [first, second, third] = this.#engine.bytes.subarray(this.#input, this.#input + 3);
    return this.#offset === 0 && first === 0xef && second === 0xbb && third === 0xbf
      ? BYTE_ORDER_MARK_BYTES
      : 0;
  }

  #isInPlace({ buffer, byteOffset }: Uint8Array): boolean {
    return buffer === this.#engine.bytes.buffer && byteOffset === this.#input + this.#kept;
  }

  #beginLongLine(): void {
    const from = this.#input + this.#markBytes();
    const head = this.#engine.bytes.slice(from, this.#input + this.#kept).slice(0, REJECT_HEAD_BYTES);
    this.#longLine = { offset: this.#offset, length: this.#kept, head };
    this.#kept = 0;
  }

  /** Returns where in the chunk the line ends, or the chunk does. */
  #skipLongLine(line: LongLine, chunk: Uint8Array, from: number): number {
    const lf = chunk.indexOf(LF, from);
    const end = lf === -1 ? chunk.length : lf;
    line.length += end - from;
    if (line.head.length < REJECT_HEAD_BYTES) {
      const more = chunk.subarray(from, Math.min(end, from + REJECT_HEAD_BYTES - line.head.length));
      line.head = concatBytes([line.head, more]);
    }
    if (lf === -1) return end;
    this.#finishLongLine(line, 1);
    return end + 1;
  }

  #finishLongLine(line: LongLine, terminatorBytes: number): void {
    this.#longLine = null;
    this.#mayHaveMark = false;
    this.#offset = line.offset + line.length + terminatorBytes;
    this.#reject('line_too_long', line);
  }
}
