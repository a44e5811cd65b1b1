import { CorruptRunError } from '@mapreduce/shared-utils';
import { MAX_MERGED_RUNS, type ReadRun } from './kernel';
import type { WasmEngine } from './wasm-engine';
import type { WasmOutput } from './wasm-output';

/** Of each run in memory, more only where a row is longer: as large as a disk likes to be read. */
const BUFFER_BYTES = 256 * 1024;

/** `[0 u32, length u32, count u64]`, and so many bytes. */
const LONG_HEADER_BYTES = 16;

interface Buffer {
  at: number;
  size: number;
}

/**
 * Sorted runs, merged in the engine's memory where its table was: a buffer each, which is filled again when
 * its last whole row has been written.
 */
export class WasmRuns {
  readonly #engine: WasmEngine;
  readonly #runs: readonly ReadRun[];
  readonly #buffers: Buffer[];
  #top: number;
  /** Runs that have no whole row in memory. */
  #dry: number[];

  constructor(engine: WasmEngine, runs: readonly ReadRun[]) {
    if (runs.length > MAX_MERGED_RUNS) {
      throw new RangeError(`kernel: expected at most ${MAX_MERGED_RUNS} runs, got ${runs.length}`);
    }
    this.#engine = engine;
    this.#runs = runs;
    this.#top = engine.endTable();
    this.#buffers = runs.map(() => this.#reserve(BUFFER_BYTES));
    this.#dry = [...runs.keys()];
    engine.exports.beginRuns();
    for (const [index, { at }] of this.#buffers.entries()) this.#setRest(index, at, at);
  }

  async *write(output: WasmOutput): AsyncGenerator<Uint8Array> {
    const { exports } = this.#engine;
    do {
      for (const index of this.#dry) await this.#refill(index);
      this.#dry = [];
      yield* output.pieces(this.#top, {
        room: () => (this.#dry.length > 0 ? 0 : exports.runRoom() >>> 0),
        write: (to, end) => {
          const written = exports.mergeRuns(to, end, output.isText);
          this.#dry = this.#readDry();
          return written;
        },
      });
    } while (this.#dry.length > 0);
  }

  /** Reads on until there is a whole row, or the run is over. */
  async #refill(index: number): Promise<void> {
    const { exports } = this.#engine;
    const run = this.#runs[index] as ReadRun;
    do {
      const { at, end } = this.#makeRoom(index);
      const { at: start, size } = this.#buffers[index] as Buffer;
      const bytesRead = await run(this.#engine.bytes.subarray(end, start + size));
      if (bytesRead === 0 && end > at) {
        throw new CorruptRunError(
          `sorted run: expected a whole row, got ${end - at} bytes at its end; start the run again`,
        );
      }
      if (bytesRead === 0) return;
      this.#setRest(index, at, end + bytesRead);
    } while (exports.enterRun(index) === 0);
  }

  /** Moves what is left to the start of the buffer, or into another where it is one row that is longer than that. */
  #makeRoom(index: number): { at: number; end: number } {
    const buffer = this.#buffers[index] as Buffer;
    const state = this.#engine.exports.runAt(index) >>> 0;
    const at = this.#engine.view.getUint32(state, true);
    const end = this.#engine.view.getUint32(state + 4, true);
    const target = end - at < buffer.size ? buffer : this.#reserve(this.#rowBytesAt(at));
    this.#engine.bytes.copyWithin(target.at, at, end);
    this.#buffers[index] = target;
    return { at: target.at, end: target.at + end - at };
  }

  /** Of a row whose beginning fills a buffer: it must be one with a long header. */
  #rowBytesAt(at: number): number {
    return LONG_HEADER_BYTES + this.#engine.view.getUint32(at + 4, true);
  }

  #reserve(size: number): Buffer {
    const at = this.#engine.borrow(size, this.#top);
    this.#top = at + size;
    return { at, size };
  }

  #setRest(index: number, at: number, end: number): void {
    const state = this.#engine.exports.runAt(index) >>> 0;
    this.#engine.view.setUint32(state, at, true);
    this.#engine.view.setUint32(state + 4, end, true);
  }

  #readDry(): number[] {
    const { exports, view } = this.#engine;
    const dry = exports.dryAt() >>> 0;
    return Array.from({ length: exports.dryCount.value }, (_, index) =>
      view.getUint32(dry + 4 * index, true),
    );
  }
}
