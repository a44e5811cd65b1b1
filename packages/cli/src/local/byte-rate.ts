/** As it crosses threads. */
export interface ByteRateBins {
  readonly binMs: number;
  /** In each piece of time since the start. */
  readonly bytes: readonly number[];
}

const FIRST_BIN_MS = 10;
const MAX_BINS = 256;

/** Bytes by time, in so few bins that it takes no memory: the longer it goes on, the wider they are. */
export class ByteRate implements ByteRateBins {
  #binMs = FIRST_BIN_MS;
  #bytes: number[] = [];

  get binMs(): number {
    return this.#binMs;
  }

  get bytes(): readonly number[] {
    return this.#bytes;
  }

  /** `atMs` is since the start. */
  add(atMs: number, bytes: number): void {
    while (atMs >= MAX_BINS * this.#binMs) this.#widen();
    const bin = Math.max(0, Math.floor(atMs / this.#binMs));
    while (this.#bytes.length <= bin) this.#bytes.push(0);
    this.#bytes[bin] = (this.#bytes[bin] as number) + bytes;
  }

  /** What another one has, which began `afterMs` later: each of its bins spread evenly over its time. */
  addBins({ binMs, bytes }: ByteRateBins, afterMs: number): void {
    for (const [bin, inBin] of bytes.entries()) {
      const pieces = Math.ceil(binMs / this.#binMs);
      for (let piece = 0; piece < pieces && inBin > 0; piece++) {
        this.add(afterMs + (bin + (piece + 0.5) / pieces) * binMs, inBin / pieces);
      }
    }
  }

  #widen(): void {
    this.#binMs *= 2;
    const halves = Math.ceil(this.#bytes.length / 2);
    this.#bytes = Array.from(
      { length: halves },
      (_, at) => (this.#bytes[2 * at] as number) + (this.#bytes[2 * at + 1] ?? 0),
    );
  }
}
