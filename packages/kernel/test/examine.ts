import type { Kernel, UrlCounter } from '../src';
import { copies, createMerger, cutEvery } from './count-lines';

export interface Layout {
  readonly urlField: string;
  readonly maxLineBytes: number;
  readonly partitionCount: number;
  /** Where the input is cut. */
  readonly chunkBytes: number;
  /** Above which the table is emitted. */
  readonly tableBytes: number;
}

/** What the files of corpus/ are examined under, cut at every offset; the fuzzer aims its findings at it. */
export const CORPUS_FIELDS = ['url', 'a.bb', 'request.url'];
export const CORPUS_LAYOUT = { maxLineBytes: 1000, partitionCount: 3, tableBytes: 2 ** 30 };

/** Everything that an engine says of a file. */
export function examine(kernel: Kernel, file: Buffer, layout: Layout) {
  const { chunkBytes, ...options } = layout;
  const rejects: unknown[] = [];
  const counter = kernel.createCounter({
    ...options,
    headerBytes: 0,
    onReject: ({ offset, length, reason, head }) =>
      rejects.push([offset, length, reason, Buffer.from(head).toString('latin1')]),
  });
  const segments = Array.from({ length: options.partitionCount }, (): Uint8Array[] => []);
  const emit = () => {
    for (const { partition, rows } of counter.emit().partitions) segments[partition]?.push(rows.slice());
  };
  counter.begin(0);
  for (const chunk of cutEvery(file, chunkBytes)) {
    counter.push(placed(chunk, counter));
    if (counter.isFull) emit();
  }
  counter.end();
  emit();
  const { tally } = counter;
  counter.close();
  return { tally, rejects, outputs: segments.map((each) => merge(kernel, each, chunkBytes)) };
}

/** Where an engine would like to have it, every other time. */
function placed(chunk: Uint8Array, counter: UrlCounter): Uint8Array {
  const room = counter.room();
  if (chunk.length % 2 === 0 || chunk.length > room.length) return chunk;
  room.set(chunk);
  return room.subarray(0, chunk.length);
}

/** One partition after another, each in the memory of the one before: to make memory takes longest. */
function merge(kernel: Kernel, segments: readonly Uint8Array[], chunkBytes: number) {
  const merger = createMerger(kernel, { topCount: 5 });
  for (const segment of segments) {
    for (const piece of cutEvery(segment, chunkBytes)) merger.add(piece);
    merger.end();
  }
  const json = Buffer.concat([...copies(merger.format())]).toString('latin1');
  const { unique, total, top } = merger;
  merger.close();
  return { unique, total, json, top };
}

/** The same of a file that is neither cut nor emitted before its end, neither of which may show. */
export function examineWhole(kernel: Kernel, file: Buffer, layout: Layout) {
  return examine(kernel, file, { ...layout, chunkBytes: file.length + 1, tableBytes: 2 ** 30 });
}
