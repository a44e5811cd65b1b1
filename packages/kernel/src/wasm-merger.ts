import { CorruptRunError, type UrlCount } from '@mapreduce/shared-utils';
import type { CountMerger, MergerOptions, ReadRun } from './kernel';
import { TopRows } from './top-rows';
import { WasmEngine } from './wasm-engine';
import { WasmOutput } from './wasm-output';
import { WasmRuns } from './wasm-runs';

/** Merged at a time: it stays in the second-level cache. */
const WINDOW_BYTES = 256 * 1024;

/** A packed row with an empty key. */
const MIN_ROW_BYTES = 4;

/** What the engine sorts: sixteen bytes a row, and as much again to move them to and fro. */
const ITEM_BYTES = 16;

/** Copies rows into the engine's memory and lets it sum, sort and write them. */
export class WasmMerger implements CountMerger {
  readonly #engine = new WasmEngine();
  readonly #tableBytes: number;
  readonly #top: TopRows;
  /** The beginning of a row whose end has not come yet, at the start of what may be longer. */
  #kept = new Uint8Array(0);
  #keptBytes = 0;
  /** How many bytes there must be before another look is worth while. */
  #neededBytes = 0;
  /** Offset in the segment of what comes next. */
  #offset = 0;
  #mergedUnique: number | null = null;

  constructor({ tableBytes, topCount, topBytes }: MergerOptions) {
    this.#tableBytes = tableBytes;
    this.#top = new TopRows(topCount, topBytes);
    this.#engine.startTable(tableBytes);
  }

  get unique(): number {
    return this.#mergedUnique ?? this.#engine.exports.rowCount() >>> 0;
  }

  get total(): number {
    return Number(this.#engine.exports.total.value);
  }

  get top(): readonly UrlCount[] {
    return this.#top.toArray();
  }

  get isFull(): boolean {
    return this.#engine.exports.tableBytes() >>> 0 > this.#tableBytes;
  }

  add(rows: Uint8Array): void {
    for (let at = 0; at < rows.length; at += WINDOW_BYTES) this.#merge(rows.subarray(at, at + WINDOW_BYTES));
  }

  end(): void {
    if (this.#keptBytes > 0) {
      throw new CorruptRunError(
        `row at byte ${this.#offset}: expected a whole row, got the end of the segment`,
      );
    }
    this.#offset = 0;
  }

  *takeRun(): Generator<Uint8Array> {
    yield* this.#writeTable(false);
    this.#engine.exports.clearRows();
  }

  async *mergeRuns(runs: readonly ReadRun[]): AsyncGenerator<Uint8Array> {
    yield* new WasmRuns(this.#engine, runs).write(new WasmOutput(this.#engine, this.#top, false));
  }

  *format(): Generator<Uint8Array> {
    yield Buffer.from('{');
    yield* this.#writeTable(true);
    yield Buffer.from('\n}\n');
  }

  async *formatRuns(runs: readonly ReadRun[]): AsyncGenerator<Uint8Array> {
    const output = new WasmOutput(this.#engine, this.#top, true);
    yield Buffer.from('{');
    yield* new WasmRuns(this.#engine, runs).write(output);
    yield Buffer.from('\n}\n');
    this.#mergedUnique = output.rows;
    if (output.total === this.total) return;
    throw new CorruptRunError(
      `sorted runs: expected a total of ${this.total}, got ${output.total}; start the run again`,
    );
  }

  close(): void {
    this.#engine.release();
  }

  #merge(window: Uint8Array): void {
    if (this.#keptBytes + window.length < this.#neededBytes) {
      this.#keep(window);
      return;
    }
    const { exports } = this.#engine;
    const length = this.#keptBytes + window.length;
    // Of what was kept one row at most becomes whole.
    this.#engine.makeRoom(1 + window.length / MIN_ROW_BYTES, length);
    const from = this.#engine.borrow(length);
    this.#engine.bytes.set(this.#kept.subarray(0, this.#keptBytes), from);
    this.#engine.bytes.set(window, from + this.#keptBytes);
    const stopped = exports.mergeRows(from, from + length) >>> 0;
    this.#offset += stopped - from;
    this.#keptBytes = 0;
    this.#neededBytes = 0;
    if (stopped === from + length) return;
    this.#neededBytes = exports.cutRowBytes.value >>> 0;
    if (this.#neededBytes === 0) {
      throw new CorruptRunError(
        `row at byte ${this.#offset}: expected a count of at least 1 and a total of at most 2^53-1`,
      );
    }
    this.#keep(this.#engine.bytes.subarray(stopped, from + length));
  }

  /** Grows by doubling, since a row may be as long as a line and come in small pieces. */
  #keep(bytes: Uint8Array): void {
    const length = this.#keptBytes + bytes.length;
    if (length > this.#kept.length) {
      const larger = new Uint8Array(2 * length);
      larger.set(this.#kept.subarray(0, this.#keptBytes));
      this.#kept = larger;
    }
    this.#kept.set(bytes, this.#keptBytes);
    this.#keptBytes = length;
  }

  /** Sorts where the slots were, so nothing can be added until the table is cleared. */
  *#writeTable(isText: boolean): Generator<Uint8Array> {
    const { exports } = this.#engine;
    const rows = exports.rowCount() >>> 0;
    const items = this.#engine.replaceSlots(2 * ITEM_BYTES * rows);
    exports.sortRows(items);
    const above = items + ITEM_BYTES * rows;
    yield* new WasmOutput(this.#engine, this.#top, isText).pieces(above, {
      room: (written) => (written < rows ? exports.itemRoom(items, written) >>> 0 : 0),
      write: (to, end) => exports.writeRows(items, to, end, isText),
    });
  }
}
