import type { RejectedLine } from '@mapreduce/kernel';
import { escapeUnprintable, formatDocument, type Reject, truncate } from '@mapreduce/shared-utils';

/** Every bad line is counted; of one split at most this many are described. Bounds memory at about 10 MB. */
const MAX_REJECTS_PER_SPLIT = 10_000;

const MAX_SNIPPET_LENGTH = 200;

/** The bad lines of one split, as they will stand in `rejects/<split>.jsonl`. */
export class RejectLog {
  readonly #lines: string[] = [];
  #first: Reject | null = null;

  add(source: string, line: RejectedLine): void {
    if (this.#lines.length === MAX_REJECTS_PER_SPLIT) return;
    const { offset, length, reason } = line;
    const reject = { source, offset, length, reason, snippet: snippetOf(line.head) };
    this.#first ??= reject;
    this.#lines.push(formatDocument(reject));
  }

  get first(): Reject | null {
    return this.#first;
  }

  get size(): number {
    return this.#lines.length;
  }

  format(): Uint8Array {
    return new TextEncoder().encode(this.#lines.map((line) => `${line}\n`).join(''));
  }
}

/** A byte order mark stays: it may be what is bad about the line. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Safe to print anywhere; what is not UTF-8 shows as U+FFFD. */
function snippetOf(head: Uint8Array): string {
  return truncate(escapeUnprintable(decoder.decode(head)), MAX_SNIPPET_LENGTH);
}
