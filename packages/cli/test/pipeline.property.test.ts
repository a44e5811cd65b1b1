import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { TaskState } from '../src/local/stages';
import { createPipeline, putText, readCounts } from './run-in-memory';

/** URLs that collide, hide, sort oddly or look like something else. */
const url = fc.oneof(
  fc.constantFrom(
    'a',
    'b',
    '',
    '__proto__',
    'constructor',
    '1',
    '01',
    'Aa',
    'BB',
    '\ud800',
    '\udc00',
    '\ufffd',
  ),
  fc.constantFrom(
    'declinate',
    'macallums',
    '\uffff',
    '😀',
    'line\nfeed',
    'quo"te\\',
    '\u2028',
    '\u202e',
    '\ufeff',
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
);

/** A line and the URL that it counts for, if any. */
const line = fc.oneof(
  { weight: 6, arbitrary: url.map((counted) => ({ text: JSON.stringify({ n: 1, url: counted }), counted })) },
  {
    weight: 1,
    arbitrary: url.map((counted) => ({ text: ` {"url":"x","url":${JSON.stringify(counted)}}\r`, counted })),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('', '  ', '{', '[]', '{"url":1}', '{"u":"a"}')
      .map((text) => ({ text, counted: null })),
  },
);

const file = fc.record({
  lines: fc.array(line, { maxLength: 12 }),
  hasFinalLf: fc.boolean(),
  isGzip: fc.boolean(),
});

const layout = fc.record({
  splitBytes: fc.integer({ min: 4, max: 200 }),
  pieceBytes: fc.integer({ min: 1, max: 64 }),
  numBuckets: fc.integer({ min: 1, max: 9 }),
  /** Which tasks fail once, run twice, or wait for others: cycled through in order of invocation. */
  mishaps: fc.array(fc.constantFrom('none', 'twice', 'fails first', 'late'), { minLength: 1, maxLength: 8 }),
});

function bytesOf({
  lines,
  hasFinalLf,
  isGzip,
}: {
  lines: { text: string }[];
  hasFinalLf: boolean;
  isGzip: boolean;
}) {
  const text = lines.map(({ text }) => text).join('\n') + (hasFinalLf && lines.length > 0 ? '\n' : '');
  return isGzip ? gzipSync(text) : Buffer.from(text);
}

function countNaively(files: { lines: { counted: string | null }[] }[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { counted } of files.flatMap(({ lines }) => lines)) {
    if (counted !== null) counts.set(counted, (counts.get(counted) ?? 0) + 1);
  }
  return counts;
}

describe('plan, map, group, reduce and commit', () => {
  it('give a naive count of any input, for any layout, order, repetition and retry', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(file, { minLength: 1, maxLength: 4 }),
        layout,
        async (files, { mishaps, ...sizes }) => {
          const { pieceBytes, ...config } = sizes;
          const pipeline = createPipeline({ ...config, maxBadRatio: 1 }, pieceBytes);
          const names = files.map((_, index) => ({ bucket: 'in', key: `file-${index}` }));
          for (const [index, each] of files.entries()) {
            await putText(pipeline.store, 'in', `file-${index}`, bytesOf(each));
          }
          let invocations = 0;
          const runTask = async (state: TaskState, event: unknown) => {
            const mishap = mishaps[invocations++ % mishaps.length];
            if (mishap === 'twice')
              await Promise.all([pipeline.invoke(state, event), pipeline.invoke(state, event)]);
            if (mishap === 'fails first') await pipeline.invoke(state, event);
            if (mishap === 'late') await new Promise(setImmediate);
            return pipeline.invoke(state, event);
          };
          const outputs = await pipeline.execute({ input_files: names }, runTask);
          expect(readCounts(pipeline.store, outputs)).toEqual(countNaively(files));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('write the same bytes for every split size, partition by partition', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { minLength: 1, maxLength: 20 }),
        layout,
        async (lines, { numBuckets, splitBytes }) => {
          const text = lines.map(({ text }) => text).join('\n');
          const outputsOf = async (size: number) => {
            const { store, execute } = createPipeline({ numBuckets, splitBytes: size, maxBadRatio: 1 });
            await putText(store, 'in', 'file', text);
            await execute({ input_files: [{ bucket: 'in', key: 'file' }], output_prefix: 'flat' });
            return [...store.objects].filter(([name]) => /bucket_\d+\.json$/.test(name)).sort();
          };
          expect(await outputsOf(splitBytes)).toEqual(await outputsOf(1_000_000));
        },
      ),
      { numRuns: 60 },
    );
  });
});
