import { CorruptRunError, decodeWtf8, takeBytes, type UrlCount } from '@mapreduce/shared-utils';
import type { CountMerger } from './kernel';
import { WasmEngine } from './wasm-engine';

/** Merged at a time, so that little memory is needed beside the table. */
const WINDOW_BYTES = 256 * 1024;

/** Large enough that a write costs little, small enough that a piece costs little memory. */
const PIECE_BYTES = 1024 * 1024;

/** A row of the table is its count, its length and that many bytes. */
const ROW_HEADER_BYTES = 12;

/** Of a packed row: `rows.ts` has the format. */
const SHORT_HEADER_BYTES = 4;
const LONG_HEADER_BYTES = 16;

/** What the engine sorts: sixteen bytes a row. */
const ITEM_BYTES = 16;

interface RankedRow {
  readonly key: number;
  readonly length: number;
  readonly count: bigint;
}

export class WasmMerger implements CountMerger {
  readonly #engine = new WasmEngine();
  /** The sorted items, until rows are added. */
  #items: number | null = null;

  constructor() {
    this.#engine.startTable(32 * 1024 * 1024);
  }

  get unique(): number {
    return this.#engine.exports.rowCount() >>> 0;
  }

  get total(): number {
    return Number(this.#engine.exports.total.value);
  }

  add(rows: Uint8Array): void {
    this.#items = null;
    for (let at = 0; at < rows.length; ) {
      const end = endOfRows(rows, at, at + WINDOW_BYTES);
      this.#merge(rows, at, end);
      at = end;
    }
  }

  top(limit: number, maxBytes: number): UrlCount[] {
    const items = this.#sorted();
    const { exports } = this.#engine;
    const best: RankedRow[] = [];
    // In the order of the keys, so one with the count of the last of the best comes too late.
    for (let index = 0; limit > 0; index++) {
      const least = best.length < limit ? 0n : (best.at(-1) as RankedRow).count;
      index = exports.nextAbove(items, index, least) >>> 0;
      if (index === this.unique) break;
      const entry = this.#rankedRow(exports.rowAt(items, index) >>> 0);
      const at = best.findIndex((other) => other.count < entry.count);
      best.splice(at === -1 ? best.length : at, 0, entry);
      best.length = Math.min(best.length, limit);
    }
    return takeBytes(best, maxBytes, ({ length }) => length).map(({ key, length, count }) => ({
      url: decodeWtf8(this.#engine.bytes.subarray(key, key + length)),
      count: Number(count),
    }));
  }

  *format(): Generator<Uint8Array> {
    const items = this.#sorted();
    const { exports } = this.#engine;
    const itemsEnd = items + ITEM_BYTES * this.unique;
    yield Buffer.from('{');
    for (let index = 0; index < this.unique; index = exports.nextRow.value >>> 0) {
      const size = Math.max(PIECE_BYTES, exports.rowRoom(items, index) >>> 0);
      const to = this.#engine.borrow(size, itemsEnd);
      const end = exports.formatRows(items, index, to, to + size) >>> 0;
      yield this.#engine.bytes.slice(to, end);
    }
    yield Buffer.from('\n}\n');
  }

  close(): void {
    this.#engine.release();
  }

  #merge(rows: Uint8Array, start: number, end: number): void {
    const { exports } = this.#engine;
    const length = end - start;
    this.#engine.makeRoom(length);
    const from = this.#engine.borrow(length);
    this.#engine.bytes.set(rows.subarray(start, end), from);
    const stopped = (exports.mergeRows(from, from + length) >>> 0) - from;
    if (stopped === length) return;
    throw new CorruptRunError(
      `row at byte ${start + stopped}: expected a whole row with a count of at least 1 and a total of at most 2^53-1`,
    );
  }

  #sorted(): number {
    if (this.#items === null) {
      this.#items = this.#engine.borrow(2 * ITEM_BYTES * this.unique);
      this.#engine.exports.sortRows(this.#items);
    }
    return this.#items;
  }

  #rankedRow(row: number): RankedRow {
    const { view } = this.#engine;
    return {
      key: row + ROW_HEADER_BYTES,
      length: view.getUint32(row + 8, true),
      count: view.getBigUint64(row, true),
    };
  }
}

/** The last end of a row up to `limit`, or of the first row where that is longer. */
function endOfRows(rows: Uint8Array, start: number, limit: number): number {
  if (limit >= rows.length) return rows.length;
  const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
  let end = start;
  while (end + LONG_HEADER_BYTES <= rows.length) {
    const next =
      view.getUint32(end, true) === 0
        ? end + LONG_HEADER_BYTES + view.getUint32(end + 4, true)
        : end + SHORT_HEADER_BYTES + view.getUint16(end, true);
    if (next > limit && end > start) return end;
    if (next > rows.length) break;
    end = next;
  }
  return rows.length;
}
