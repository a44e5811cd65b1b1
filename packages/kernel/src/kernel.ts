import type { RecordTally, RejectReason, UrlCount } from '@mapreduce/shared-utils';

/** A line that was not counted. */
export interface RejectedLine {
  /** Byte offset of the line, from the offset given to `begin`. */
  readonly offset: number;
  /** Bytes of the line without its LF. */
  readonly length: number;
  readonly reason: RejectReason;
  /** The first bytes of the line, at most `REJECT_HEAD_BYTES`; a copy. */
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

/** Sums the rows of one partition. */
export interface CountMerger {
  /** @throws CorruptRunError when the bytes are not rows, or a count would pass 2^53-1. */
  add(rows: Uint8Array): void;
  readonly unique: number;
  readonly total: number;
  /** Count descending, then UTF-8 bytes; fewer than `limit` where the URLs' bytes would pass `maxBytes`. */
  top(limit: number, maxBytes: number): UrlCount[];
  /** `bucket_<p>.json` in pieces: one object, one URL a line, sorted by UTF-8 bytes. */
  format(): Iterable<Uint8Array>;
  /** Leaves its memory to whoever counts or merges next; allowed at any time, and the last call. */
  close(): void;
}

/** An engine: both give the same for any input, to the line and the reason. */
export interface Kernel {
  readonly name: 'wasm' | 'reference';
  createCounter(options: CounterOptions): UrlCounter;
  createMerger(): CountMerger;
}
