import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { referenceKernel, wasmKernel } from '../src';
import { CORPUS_FIELDS, CORPUS_LAYOUT, examine, examineWhole, type Layout } from './examine';
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

function requireSame(file: Buffer, layout: Layout): void {
  expect(examine(wasmKernel, file, layout)).toEqual(examineWhole(referenceKernel, file, layout));
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
      for (const urlField of CORPUS_FIELDS) requireSame(file, { ...CORPUS_LAYOUT, urlField, chunkBytes });
    }
  });
});
