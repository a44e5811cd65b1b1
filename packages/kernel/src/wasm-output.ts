import type { TopRows } from './top-rows';
import type { WasmEngine } from './wasm-engine';

/** Large enough that a write costs little, small enough that a piece costs little memory. */
const PIECE_BYTES = 1024 * 1024;

/** `[key u32, length u32, count u64]` */
const RANKED_BYTES = 16;

/** What rows come from. */
export interface RowSource {
  /** The room that the next row needs at least; 0 when there is none. */
  room(written: number): number;
  /** Writes rows into `[to, end)` and returns the end of what it wrote. */
  write(to: number, end: number): number;
}

/** Sorted rows on their way out of an engine, as text or packed; as text they pass the list of the largest counts. */
export class WasmOutput {
  readonly #engine: WasmEngine;
  readonly #top: TopRows;
  readonly isText: boolean;

  constructor(engine: WasmEngine, top: TopRows, isText: boolean) {
    this.#engine = engine;
    this.#top = top;
    this.isText = isText;
    engine.exports.beginOutput();
  }

  get rows(): number {
    return this.#engine.exports.written.value >>> 0;
  }

  get total(): number {
    return Number(this.#engine.exports.writtenTotal.value);
  }

  /** Until the source has no next row, or waits for something. Everything below `above` is left alone. */
  *pieces(above: number, source: RowSource): Generator<Uint8Array> {
    for (let room = source.room(this.rows); room > 0; room = source.room(this.rows)) {
      const size = Math.max(PIECE_BYTES, room);
      const at = this.#engine.borrow(size, above);
      yield this.#engine.bytes.subarray(at, this.#fill(at, at + size, source));
    }
  }

  /** The engine stops where its list of large counts is full: then there is room for more. */
  #fill(at: number, end: number, source: RowSource): number {
    let top = at;
    for (let room = source.room(this.rows); room > 0 && top + room <= end; room = source.room(this.rows)) {
      this.#engine.exports.readRanked(BigInt(this.#top.least));
      top = source.write(top, end) >>> 0;
      this.#readRanked();
    }
    return top;
  }

  #readRanked(): void {
    const { exports, view, bytes } = this.#engine;
    const ranked = exports.rankedAt() >>> 0;
    for (
      let at = ranked, end = ranked + RANKED_BYTES * exports.rankedCount.value;
      at < end;
      at += RANKED_BYTES
    ) {
      const key = view.getUint32(at, true);
      const length = view.getUint32(at + 4, true);
      this.#top.add(bytes.subarray(key, key + length), Number(view.getBigUint64(at + 8, true)));
    }
  }
}
