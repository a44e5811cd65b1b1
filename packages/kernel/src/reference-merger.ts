import {
  CorruptRunError,
  concatBytes,
  decodeWtf8,
  InvalidInputError,
  type UrlCount,
} from '@mapreduce/shared-utils';
import type { CountMerger, MergerOptions, ReadRun } from './kernel';
import { mergeSortedRows, readRows } from './reference-runs';
import { decodeRows, encodeRows, type Row, wholeRowsEnd } from './rows';
import { TopRows } from './top-rows';

/** Large enough that a write costs little, small enough that a piece costs little memory. */
const PIECE_BYTES = 1024 * 1024;

/** What a `Map` entry costs beside the characters of its key. */
const ENTRY_BYTES = 64;

/**
 * A `Map` keyed by the URL's bytes as a Latin-1 string: equality is by bytes, and the engine's own order
 * of such strings is the order of UTF-8 bytes.
 */
export class ReferenceMerger implements CountMerger {
  readonly #options: MergerOptions;
  readonly #top: TopRows;
  readonly #counts = new Map<string, number>();
  #tableBytes = 0;
  #total = 0;
  /** The beginning of a row whose end has not come yet. */
  #kept: Uint8Array = new Uint8Array(0);
  #mergedUnique: number | null = null;

  constructor(options: MergerOptions) {
    this.#options = options;
    this.#top = new TopRows(options.topCount, options.topBytes);
  }

  get unique(): number {
    return this.#mergedUnique ?? this.#counts.size;
  }

  get total(): number {
    return this.#total;
  }

  get top(): readonly UrlCount[] {
    return this.#top.toArray();
  }

  get isFull(): boolean {
    return this.#tableBytes > this.#options.tableBytes;
  }

  add(rows: Uint8Array): void {
    const bytes = concatBytes([this.#kept, rows]);
    const end = wholeRowsEnd(bytes);
    this.#kept = bytes.subarray(end);
    for (const { bytes: url, count } of decodeRows(bytes.subarray(0, end))) {
      const key = Buffer.from(url.buffer, url.byteOffset, url.length).toString('latin1');
      const sum = this.#counts.get(key);
      if (sum === undefined) this.#tableBytes += ENTRY_BYTES + key.length;
      this.#set(key, (sum ?? 0) + count);
      this.#total += count;
    }
    // No count can pass the total, so one check covers them all.
    if (!Number.isSafeInteger(this.#total)) {
      throw new CorruptRunError(`partition: expected a total of at most 2^53-1, got ${this.#total}`);
    }
  }

  end(): void {
    if (this.#kept.length > 0) {
      throw new CorruptRunError('rows: expected a whole row, got the end of the segment');
    }
  }

  #set(key: string, count: number): void {
    try {
      this.#counts.set(key, count);
    } catch (cause) {
      throw new InvalidInputError(
        `partition: expected at most ${this.#counts.size} URLs with the reference engine, got more; raise num_buckets`,
        { cause },
      );
    }
  }

  *takeRun(): Generator<Uint8Array> {
    yield* packed(this.#sorted());
    this.#counts.clear();
    this.#tableBytes = 0;
  }

  async *mergeRuns(runs: readonly ReadRun[]): AsyncGenerator<Uint8Array> {
    for await (const row of mergeSortedRows(runs.map(readRows))) yield encodeRows([row]);
  }

  *format(): Generator<Uint8Array> {
    const text = new OutputText(this.#top);
    for (const row of this.#sorted()) if (text.add(row)) yield text.take();
    yield text.end();
  }

  async *formatRuns(runs: readonly ReadRun[]): AsyncGenerator<Uint8Array> {
    const text = new OutputText(this.#top);
    for await (const row of mergeSortedRows(runs.map(readRows))) if (text.add(row)) yield text.take();
    yield text.end();
    this.#mergedUnique = text.rows;
    if (text.total === this.#total) return;
    throw new CorruptRunError(
      `sorted runs: expected a total of ${this.#total}, got ${text.total}; start the run again`,
    );
  }

  close(): void {
    this.#counts.clear();
  }

  *#sorted(): Generator<Row> {
    for (const key of [...this.#counts.keys()].sort()) {
      yield { bytes: Buffer.from(key, 'latin1'), count: this.#counts.get(key) as number };
    }
  }
}

/** `bucket_<p>.json`, as far as it is written. */
class OutputText {
  readonly #top: TopRows;
  #text = '{';
  rows = 0;
  total = 0;

  constructor(top: TopRows) {
    this.#top = top;
  }

  /** True when there is enough for a piece. */
  add({ bytes, count }: Row): boolean {
    this.#top.add(bytes, count);
    this.#text += `${this.rows === 0 ? '' : ','}\n${JSON.stringify(decodeWtf8(bytes))}:${count}`;
    this.rows++;
    this.total += count;
    return this.#text.length >= PIECE_BYTES;
  }

  take(): Uint8Array {
    const piece = Buffer.from(this.#text);
    this.#text = '';
    return piece;
  }

  end(): Uint8Array {
    this.#text += '\n}\n';
    return this.take();
  }
}

function* packed(rows: Iterable<Row>): Generator<Uint8Array> {
  for (const row of rows) yield encodeRows([row]);
}
