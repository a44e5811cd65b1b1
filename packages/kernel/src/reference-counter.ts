import {
  concatBytes,
  createTally,
  EMPTY_TALLY,
  encodeWtf8,
  partitionOf,
  type RecordTally,
  type RejectReason,
} from '@mapreduce/shared-utils';
import {
  type CounterOptions,
  type Emission,
  type PartitionRows,
  REJECT_HEAD_BYTES,
  type UrlCounter,
} from './kernel';
import { type Line, LineAssembler } from './line-assembler';
import { type RecordOutcome, readRecord } from './record';
import { encodeRows, type Row } from './rows';

const ROOM_BYTES = 256 * 1024;

/** What a `Map` entry costs beside the two bytes a character of its key. */
const ENTRY_BYTES = 64;

/** One `JSON.parse` a line and a `Map`: slow, and plainly right. */
export class ReferenceCounter implements UrlCounter {
  readonly #options: CounterOptions;
  readonly #urlPath: readonly string[];
  readonly #lines: LineAssembler;
  readonly #room = Buffer.allocUnsafeSlow(ROOM_BYTES);
  #counts = new Map<string, number>();
  #tableBytes = 0;
  #ok = 0;
  #blank = 0;
  readonly #bad: Record<RejectReason, number> = { ...EMPTY_TALLY.badByReason };

  constructor(options: CounterOptions) {
    this.#options = options;
    this.#urlPath = options.urlField.split('.');
    this.#lines = new LineAssembler(options.maxLineBytes, (line) => this.#read(line));
  }

  begin(offset: number): void {
    this.#lines.begin(offset);
  }

  room(): Uint8Array {
    return this.#room;
  }

  push(chunk: Uint8Array): void {
    this.#lines.push(chunk);
  }

  end(): void {
    this.#lines.end();
  }

  get tally(): RecordTally {
    return createTally(this.#ok, this.#blank, this.#bad);
  }

  get isFull(): boolean {
    return this.#tableBytes > this.#options.tableBytes;
  }

  emit(): Emission {
    const { partitionCount, headerBytes } = this.#options;
    const rows: Row[][] = Array.from({ length: partitionCount }, () => []);
    for (const [url, count] of this.#counts) {
      const bytes = encodeWtf8(url);
      rows[partitionOf(bytes, partitionCount)]?.push({ bytes, count });
    }
    this.#counts = new Map();
    this.#tableBytes = 0;
    const encoded = rows.map(encodeRows);
    const header = new Uint8Array(headerBytes);
    const bytes = concatBytes(encoded.flatMap((each) => (each.length === 0 ? [] : [header, each])));
    const partitions: PartitionRows[] = [];
    let top = 0;
    for (const [partition, { length }] of encoded.entries()) {
      if (length === 0) continue;
      const offset = top + headerBytes;
      top = offset + length;
      partitions.push({ partition, rows: bytes.subarray(offset, top), offset });
    }
    return { bytes, partitions };
  }

  close(): void {
    this.#counts.clear();
  }

  #read(line: Line): void {
    const outcome: RecordOutcome = line.isTooLong
      ? { kind: 'bad', reason: 'line_too_long' }
      : readRecord(line.bytes, this.#urlPath);
    if (outcome.kind === 'ok') this.#count(outcome.url);
    else if (outcome.kind === 'blank') this.#blank++;
    else this.#reject(line, outcome.reason);
  }

  #count(url: string): void {
    const count = this.#counts.get(url);
    if (count === undefined) this.#tableBytes += ENTRY_BYTES + 2 * url.length;
    this.#counts.set(url, (count ?? 0) + 1);
    this.#ok++;
  }

  #reject({ offset, length, bytes }: Line, reason: RejectReason): void {
    this.#bad[reason]++;
    this.#options.onReject({
      offset,
      length,
      reason,
      head: bytes.subarray(0, REJECT_HEAD_BYTES),
    });
  }
}
