import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Kernel, referenceKernel, type UrlCounter, wasmKernel } from '../src';
import { copies, createMerger } from './count-lines';
import { createJsonLines, createRandom } from './json-lines';

/** `FUZZ_LINES` and `FUZZ_SEED` make it a longer search, or repeat one. */
const { FUZZ_LINES = '20000', FUZZ_SEED = String(Date.now() % 2 ** 31) } = process.env;
const LINES = Number(FUZZ_LINES);
const SEED = Number(FUZZ_SEED);

/** A slow machine reads this many lines a millisecond. */
const LINES_PER_MS = 2;

const MAX_LINES_PER_FILE = 300;
const FIELDS = [
  'url',
  'url',
  'url',
  'url',
  'request.url',
  'a',
  '__proto__',
  'toString',
  'a.bb',
  'a..b',
  'x.y',
  'é',
];
const MAX_LINE_BYTES = [16 * 1024 * 1024, 16 * 1024 * 1024, 200, 50, 10, 3];
const CORPUS = path.join(__dirname, 'corpus');

interface Layout {
  readonly urlField: string;
  readonly maxLineBytes: number;
  readonly partitionCount: number;
  /** Where the input is cut. */
  readonly chunkBytes: number;
  /** Above which the table is emitted. */
  readonly tableBytes: number;
}

/** Where an engine would like to have it, every other time. */
function placed(chunk: Uint8Array, counter: UrlCounter): Uint8Array {
  const room = counter.room();
  if (chunk.length % 2 === 0 || chunk.length > room.length) return chunk;
  room.set(chunk);
  return room.subarray(0, chunk.length);
}

/** Everything that an engine says of a file. */
function examine(kernel: Kernel, file: Buffer, { chunkBytes, ...options }: Layout) {
  const rejects: unknown[] = [];
  const counter = kernel.createCounter({
    ...options,
    headerBytes: 0,
    onReject: ({ offset, length, reason, head }) =>
      rejects.push([offset, length, reason, Buffer.from(head).toString('latin1')]),
  });
  const mergers = Array.from({ length: options.partitionCount }, () => createMerger(kernel, { topCount: 5 }));
  const emit = () => {
    for (const { partition, rows } of counter.emit().partitions) mergers[partition]?.add(rows);
  };
  counter.begin(0);
  for (let at = 0; at < file.length; at += chunkBytes) {
    counter.push(placed(file.subarray(at, at + chunkBytes), counter));
    if (counter.isFull) emit();
  }
  counter.end();
  emit();
  const outputs = mergers.map((merger) => ({
    unique: merger.unique,
    total: merger.total,
    json: Buffer.concat([...copies(merger.format())]).toString('latin1'),
    top: merger.top,
  }));
  const { tally } = counter;
  for (const each of [counter, ...mergers]) each.close();
  return { tally, rejects, outputs };
}

function requireSame(file: Buffer, layout: Layout): void {
  const expected = examine(referenceKernel, file, {
    ...layout,
    chunkBytes: file.length + 1,
    tableBytes: 2 ** 30,
  });
  expect(examine(wasmKernel, file, layout)).toEqual(expected);
}

describe('the WebAssembly kernel', () => {
  it(
    `agrees with the reference on ${LINES} lines, in class, reason, key and count (seed ${SEED})`,
    () => {
      const random = createRandom(SEED);
      const lines = createJsonLines(random);
      for (let read = 0; read < LINES; ) {
        const count = 1 + Math.floor(random() * MAX_LINES_PER_FILE);
        requireSame(lines.file(count), {
          urlField: lines.pick(FIELDS),
          maxLineBytes: lines.pick(MAX_LINE_BYTES),
          partitionCount: 1 + Math.floor(random() * 9),
          chunkBytes: lines.pick([1_000_000, 1000, 100, 7, 1]),
          tableBytes: lines.pick([2 ** 30, 2 ** 30, 1]),
        });
        read += count;
      }
    },
    60_000 + LINES / LINES_PER_MS,
  );

  const files = readdirSync(CORPUS).map((name) => [name, readFileSync(path.join(CORPUS, name))] as const);

  it.each(files)('agrees with the reference on %s, cut at every offset', (_, file) => {
    for (let chunkBytes = 1; chunkBytes <= file.length; chunkBytes++) {
      for (const urlField of ['url', 'a.bb']) {
        requireSame(file, {
          urlField,
          maxLineBytes: 1000,
          partitionCount: 3,
          chunkBytes,
          tableBytes: 2 ** 30,
        });
      }
    }
  });
});
