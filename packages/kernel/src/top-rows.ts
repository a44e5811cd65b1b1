import { decodeWtf8, type UrlCount } from '@mapreduce/shared-utils';

interface RankedRow {
  readonly bytes: Uint8Array;
  readonly count: number;
}

/** The rows with the largest counts of those that come by in the order of their bytes. */
export class TopRows {
  readonly #limit: number;
  readonly #maxBytes: number;
  readonly #best: RankedRow[] = [];
  /** A row with this count or less is not listed: of equal counts the first to come is the first in rank. */
  least = 0;

  /** At most `limit` rows, and fewer where their bytes would pass `maxBytes`. */
  constructor(limit: number, maxBytes: number) {
    this.#limit = limit;
    this.#maxBytes = maxBytes;
    if (limit === 0) this.least = Number.MAX_SAFE_INTEGER;
  }

  /** `bytes` may be a view: what is listed is copied. */
  add(bytes: Uint8Array, count: number): void {
    if (count <= this.least) return;
    const rank = this.#best.findIndex((other) => other.count < count);
    this.#best.splice(rank === -1 ? this.#best.length : rank, 0, { bytes: new Uint8Array(bytes), count });
    this.#cut();
  }

  toArray(): UrlCount[] {
    return this.#best.map(({ bytes, count }) => ({ url: decodeWtf8(bytes), count }));
  }

  /** No row that is cut here can come back: those before it only become more. */
  #cut(): void {
    let left = this.#maxBytes;
    const fitting = this.#best.findIndex(({ bytes }) => {
      left -= bytes.length;
      return left < 0;
    });
    const length = Math.min(fitting === -1 ? this.#best.length : fitting, this.#limit);
    if (length < this.#best.length)
      this.least = Math.max(this.least, (this.#best[length] as RankedRow).count);
    if (length === this.#limit)
      this.least = Math.max(this.least, (this.#best[length - 1] as RankedRow).count);
    this.#best.length = length;
  }
}
