import { decodeWtf8, type RecordTally } from '@mapreduce/shared-utils';
import {
  type CounterOptions,
  type CountMerger,
  type Kernel,
  type MergerOptions,
  type PartitionRows,
  type RejectedLine,
  referenceKernel,
  wasmKernel,
} from '../src';

/** Every engine is held to the same tables. */
export const kernels: readonly Kernel[] = [referenceKernel, wasmKernel];

export interface Counted {
  readonly counts: Map<string, number>;
  readonly tally: RecordTally;
  readonly rejects: RejectedLine[];
}

export type CountSettings = Partial<CounterOptions> & {
  /** Where the stretch begins in its file. */
  readonly begin?: number;
};

export function createCounter(
  kernel: Kernel,
  rejects: RejectedLine[],
  settings: Partial<CounterOptions> = {},
) {
  return kernel.createCounter({
    partitionCount: 4,
    urlField: 'url',
    maxLineBytes: 16 * 1024 * 1024,
    tableBytes: 1024 * 1024,
    headerBytes: 0,
    onReject: (line) => rejects.push({ ...line, head: new Uint8Array(line.head) }),
    ...settings,
  });
}

export function createMerger(kernel: Kernel, settings: Partial<MergerOptions> = {}) {
  return kernel.createMerger({
    tableBytes: 1024 * 1024,
    topCount: 100,
    topBytes: 1_000_000,
    ...settings,
  });
}

/** Counts one stretch. Every chunk is in a `Buffer` that is overwritten as soon as `push` has returned, or in the counter's room. */
export function countLines(
  kernel: Kernel,
  chunks: readonly Uint8Array[],
  { begin = 0, ...options }: CountSettings = {},
): Counted {
  const rejects: RejectedLine[] = [];
  const counter = createCounter(kernel, rejects, options);
  const scratch = Buffer.alloc(Math.max(0, ...chunks.map(({ length }) => length)));
  counter.begin(begin);
  for (const [index, chunk] of chunks.entries()) {
    const room = index % 2 === 0 ? scratch : counter.room();
    const place = room.length < chunk.length ? scratch : room;
    place.set(chunk);
    counter.push(place.subarray(0, chunk.length));
    scratch.fill(0x22);
  }
  counter.end();
  const counted = { counts: readCounts(counter.emit().partitions), tally: counter.tally, rejects };
  counter.close();
  return counted;
}

/** A second reader of rows, so that the codec is not tested by itself alone. */
export function readCounts(partitions: readonly PartitionRows[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { rows } of partitions) {
    const buffer = Buffer.from(rows);
    for (let at = 0; at < buffer.length; ) {
      const isLong = buffer.readUInt32LE(at) === 0;
      const length = isLong ? buffer.readUInt32LE(at + 4) : buffer.readUInt16LE(at);
      const count = isLong ? Number(buffer.readBigUInt64LE(at + 8)) : buffer.readUInt16LE(at + 2);
      const start = at + (isLong ? 16 : 4);
      at = start + length;
      const url = decodeWtf8(buffer.subarray(start, at));
      if (counts.has(url)) throw new Error(`${JSON.stringify(url)} has two rows`);
      counts.set(url, count);
    }
  }
  return counts;
}

/** Pieces that stay: the engine's are gone with its next. */
export function* copies(pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
  for (const piece of pieces) yield new Uint8Array(piece);
}

export function textOf(merger: CountMerger): string {
  return Buffer.concat([...copies(merger.format())]).toString();
}

/** What a reader of the output gets: the rows merged, written, and read by `JSON.parse`. */
export function readOutput(kernel: Kernel, partitions: readonly PartitionRows[]): Map<string, number> {
  const merger = createMerger(kernel);
  for (const { rows } of partitions) merger.add(rows);
  const text = textOf(merger);
  return new Map(Object.entries(JSON.parse(text) as Record<string, number>));
}

export function cutAt(bytes: Uint8Array, ...offsets: number[]): Uint8Array[] {
  return [...offsets, bytes.length].map((end, index) => bytes.subarray(offsets[index - 1] ?? 0, end));
}

export function cutEvery(bytes: Uint8Array, chunkBytes: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / chunkBytes) }, (_, index) =>
    bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes),
  );
}

/** Text with bytes that are not UTF-8: each char is one byte. */
export function latin1(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}
