import {
  CorruptRunError,
  decodeWtf8,
  InvalidInputError,
  takeBytes,
  type UrlCount,
} from '@mapreduce/shared-utils';
import type { CountMerger } from './kernel';
import { decodeRows } from './rows';

/** Large enough that a write costs little, small enough that a piece costs little memory. */
const PIECE_BYTES = 1024 * 1024;

/**
 * A `Map` keyed by the URL's bytes as a Latin-1 string: equality is by bytes, and the engine's own order
 * of such strings is the order of UTF-8 bytes.
 */
export class ReferenceMerger implements CountMerger {
  readonly #counts = new Map<string, number>();
  #total = 0;

  get unique(): number {
    return this.#counts.size;
  }

  get total(): number {
    return this.#total;
  }

  add(rows: Uint8Array): void {
    for (const { bytes, count } of decodeRows(rows)) {
      const key = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
      this.#set(key, (this.#counts.get(key) ?? 0) + count);
      this.#total += count;
    }
    // No count can pass the total, so one check covers them all.
    if (!Number.isSafeInteger(this.#total)) {
      throw new CorruptRunError(`partition: expected a total of at most 2^53-1, got ${this.#total}`);
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

  top(limit: number, maxBytes: number): UrlCount[] {
    const best: [key: string, count: number][] = [];
    for (const entry of this.#counts) {
      const last = best[limit - 1];
      if (last !== undefined && byRank(entry, last) > 0) continue;
      const at = best.findIndex((other) => byRank(entry, other) < 0);
      best.splice(at === -1 ? best.length : at, 0, entry);
      best.length = Math.min(best.length, limit);
    }
    return takeBytes(best, maxBytes, ([key]) => key.length).map(([key, count]) => ({
      url: urlOf(key),
      count,
    }));
  }

  *format(): Generator<Uint8Array> {
    let piece = '{';
    let separator = '\n';
    for (const key of [...this.#counts.keys()].sort()) {
      piece += `${separator}${JSON.stringify(urlOf(key))}:${this.#counts.get(key)}`;
      separator = ',\n';
      if (piece.length < PIECE_BYTES) continue;
      yield Buffer.from(piece);
      piece = '';
    }
    yield Buffer.from(`${piece}\n}\n`);
  }

  close(): void {
    this.#counts.clear();
  }
}

function byRank(a: [string, number], b: [string, number]): number {
  return b[1] - a[1] || (a[0] < b[0] ? -1 : 1);
}

function urlOf(key: string): string {
  return decodeWtf8(Buffer.from(key, 'latin1'));
}
