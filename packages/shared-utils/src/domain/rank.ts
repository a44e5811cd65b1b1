import type { UrlCount } from './contracts';
import { compareAsBytes } from './wtf8';

/** How many URLs the manifest lists. */
export const TOP_COUNT = 100;

/** Bytes of all URLs in a list of top URLs: a URL may be as long as a line, and a hundred of those are too much. */
export const TOP_BYTES = 1024 * 1024;

/** Count descending, then UTF-8 bytes: the order of every list of top URLs. */
export function compareRank(a: UrlCount, b: UrlCount): number {
  return b.count - a.count || compareAsBytes(a.url, b.url);
}

/** The first `limit` by rank of any number of entries, in memory for little more than these. */
export class TopList<Entry extends UrlCount = UrlCount> {
  readonly #limit: number;
  #entries: Entry[] = [];
  /** Entries with a smaller count have no place any more. */
  #leastCount = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(entry: Entry): void {
    if (entry.count < this.#leastCount) return;
    this.#entries.push(entry);
    if (this.#entries.length >= 2 * this.#limit + 1000) this.#cut();
  }

  toArray(): Entry[] {
    this.#cut();
    return [...this.#entries];
  }

  #cut(): void {
    this.#entries.sort(compareRank).splice(this.#limit);
    if (this.#entries.length === this.#limit) this.#leastCount = this.#entries.at(-1)?.count ?? 0;
  }
}
