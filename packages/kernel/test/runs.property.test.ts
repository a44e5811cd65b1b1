import { encodeWtf8 } from '@mapreduce/shared-utils';
import * as fc from 'fast-check';
import { MAX_MERGED_RUNS } from '../src';
import { encodeRows, type Row } from '../src/rows';
import { createMerger, kernels, textOf } from './count-lines';
import { collect, readerOf, takeRun } from './runs';

const codeUnits = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0x7f }), fc.integer({ min: 0xd7fe, max: 0xe001 })), {
    maxLength: 30,
  })
  .map((units) => String.fromCharCode(...units));
const url = fc.oneof(
  fc.constantFrom('', 'a', 'aa', 'a\0', '\ud800', '\udc00', '😀', 'x'.repeat(16), 'x'.repeat(17)),
  fc.nat({ max: 200 }).map((number) => `https://www.shop.example/products/${number}`),
  codeUnits,
);
const row: fc.Arbitrary<Row> = fc.record({
  bytes: url.map(encodeWtf8),
  count: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constantFrom(65_535, 65_536, 2 ** 40)),
});
const part = fc.array(row, { maxLength: 40 });

describe.each(kernels)('The merger of the $name kernel', (kernel) => {
  it('gives the same bytes from any runs as from its table', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(part, fc.boolean()), { maxLength: MAX_MERGED_RUNS }),
        fc.integer({ min: 1, max: 100 }),
        async (parts, mostBytes) => {
          const whole = createMerger(kernel, { topCount: 7 });
          const cut = createMerger(kernel, { topCount: 7 });
          const runs: Buffer[] = [];
          for (const [rows, isSpilled] of parts) {
            whole.add(encodeRows(rows));
            cut.add(encodeRows(rows));
            if (isSpilled) runs.push(takeRun(cut));
          }
          runs.push(takeRun(cut));
          const text = await collect(cut.formatRuns(runs.map((run) => readerOf(run, mostBytes))));
          expect(text.toString()).toBe(textOf(whole));
          expect([cut.unique, cut.total, cut.top]).toEqual([whole.unique, whole.total, whole.top]);
          whole.close();
          cut.close();
        },
      ),
      { numRuns: 300 },
    );
  });

  it('gives the same bytes from runs that were merged before, in any groups', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { minLength: 1, maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 8 }),
        async (parts, groups) => {
          const whole = createMerger(kernel);
          const cut = createMerger(kernel);
          const runs = parts.map((rows) => {
            whole.add(encodeRows(rows));
            cut.add(encodeRows(rows));
            return takeRun(cut);
          });
          for (const count of groups) {
            const group = runs.splice(0, count).map((run) => readerOf(run, 50));
            runs.push(await collect(cut.mergeRuns(group)));
          }
          const text = await collect(cut.formatRuns(runs.map((run) => readerOf(run))));
          expect(text.toString()).toBe(textOf(whole));
          expect([cut.unique, cut.total, cut.top]).toEqual([whole.unique, whole.total, whole.top]);
          whole.close();
          cut.close();
        },
      ),
      { numRuns: 200 },
    );
  });

  it('gives the same however the rows are cut that it is given', () => {
    fc.assert(
      fc.property(part, fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 30 }), (rows, sizes) => {
        const bytes = encodeRows(rows);
        const whole = createMerger(kernel);
        whole.add(bytes);
        const cut = createMerger(kernel);
        let at = 0;
        for (const size of [...sizes, bytes.length]) {
          cut.add(bytes.slice(at, at + size));
          at += size;
        }
        cut.end();
        expect(textOf(cut)).toBe(textOf(whole));
        whole.close();
        cut.close();
      }),
    );
  });
});
