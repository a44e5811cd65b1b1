import type { RecordTally, RejectReason, UrlCount } from '@mapreduce/shared-utils';

/** A line that was not counted. */
export interface RejectedLine {
  /** Byte offset of the line, from the offset given to `begin`. */
  readonly offset: number;
  /** Bytes of the line without its LF. */
  readonly length: number;
  readonly reason: RejectReason;
  /** The first bytes of the line, at most `REJECT_HEAD_BYTES`; gone once `onReject` has returned. */
  readonly head: Uint8Array;
}

/** Enough for a 200-character sample of any script. */
export const REJECT_HEAD_BYTES = 800;

export interface CounterOptions {
  readonly partitionCount: number;
  /** A top-level field, or a path into nested objects with dots: `request.url`. */
  readonly urlField: string;
  /** Longest line that is read, without its LF and without a byte order mark. */
  readonly maxLineBytes: number;
  /** Memory for distinct URLs, roughly; above it `isFull` asks for an `emit`. */
  readonly tableBytes: number;
  /** Bytes that an emission leaves free in front of each partition's rows. */
  readonly headerBytes: number;
  readonly onReject: (line: RejectedLine) => void;
}

/** The counts of one partition as rows, which rows.ts defines, in no order. */
export interface PartitionRows {
  readonly partition: number;
  readonly rows: Uint8Array;
  /** Where they begin in `Emission.bytes`. */
  readonly offset: number;
}

/** What a table held. All of it is a view of the engine's memory, and good until the engine's next call. */
export interface Emission {
  /** The rows of all partitions side by side, with `headerBytes` in front of each for the caller to fill. */
  readonly bytes: Uint8Array;
  /** Ascending, without the empty ones. */
  readonly partitions: readonly PartitionRows[];
}

/**
 * Counts URLs in JSONL bytes. One stretch of whole lines is `begin`, any number of `push`, `end`; the
 * result does not depend on where the chunks are cut, and no chunk is kept after `push` returns.
 */
export interface UrlCounter {
  /** `offset` is where the stretch begins in its file; at 0 a UTF-8 byte order mark is skipped. */
  begin(offset: number): void;
  /** Where the next chunk may be put, to be pushed without a copy: from its start, before any other call. */
  room(): Uint8Array;
  /** A chunk that is in the room is gone afterwards. */
  push(chunk: Uint8Array): void;
  /** A last line without LF counts as a line. */
  end(): void;
  /** Over all stretches so far. */
  readonly tally: RecordTally;
  readonly isFull: boolean;
  /** The counts since the last `emit`; empties the table. */
  emit(): Emission;
  /** Leaves its memory to whoever counts or merges next; allowed at any time, and the last call. */
  close(): void;
}

export interface MergerOptions {
  /** Memory for distinct URLs, roughly; above it `isFull` asks for a `takeRun`. */
  readonly tableBytes: number;
  /** How many URLs `top` lists at most, and how many bytes they may have together. */
  readonly topCount: number;
  readonly topBytes: number;
}

/** Fills `buffer` from its start with what comes next of a run; returns the number of bytes, 0 at the end. */
export type ReadRun = (buffer: Uint8Array) => Promise<number>;

/** As many runs as may be merged at once. */
export const MAX_MERGED_RUNS = 32;

/**
 * Sums the rows of one partition, of any size: `add` and `end` for every segment, and `takeRun` whenever
 * `isFull`. Then `format`, or `formatRuns` where runs were taken, the last of them after all was added.
 * Pieces that it gives are views of the engine's memory, and good until the next is asked for.
 */
export interface CountMerger {
  /** Rows of a segment, cut anywhere; nothing of `rows` is kept. @throws CorruptRunError when they are none, or their total passes 2^53-1 */
  add(rows: Uint8Array): void;
  /** @throws CorruptRunError when the segment ends within a row */
  end(): void;
  readonly isFull: boolean;
  /** The sums since the last run as rows, sorted by bytes, in pieces; empties the table. */
  takeRun(): Iterable<Uint8Array>;
  /** At most `MAX_MERGED_RUNS` runs as one, in pieces. */
  mergeRuns(runs: readonly ReadRun[]): AsyncIterable<Uint8Array>;
  /** `bucket_<p>.json` in pieces: one object, one URL a line, sorted by UTF-8 bytes. */
  format(): Iterable<Uint8Array>;
  /** The same from runs instead of the table. */
  formatRuns(runs: readonly ReadRun[]): AsyncIterable<Uint8Array>;
  /** Of the table; once runs are formatted, of them. */
  readonly unique: number;
  /** Of all that was added. */
  readonly total: number;
  /** Of what was formatted: count descending, then UTF-8 bytes. */
  readonly top: readonly UrlCount[];
  /** Leaves its memory to whoever counts or merges next; allowed at any time, and the last call. */
  close(): void;
}

/** An engine: both give the same for any input, to the line and the reason. */
export interface Kernel {
  readonly name: 'wasm' | 'reference';
  createCounter(options: CounterOptions): UrlCounter;
  createMerger(options: MergerOptions): CountMerger;
}
