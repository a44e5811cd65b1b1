import { runKeys, type Scratch, ScratchSpaceError, type StageConfig } from '@mapreduce/shared-utils';
import { FIXTURE_RUN_ID, FIXTURE_TEMP, type StageFixture } from '@mapreduce/shared-utils/testing';
import * as fc from 'fast-check';
import { createReducerHandler } from '../src';
import { createReduceFixture, event, OUTPUT, outputOf } from './create-reduce-fixture';

const engines = ['wasm', 'reference'] as const;

/** Counts what the reducer takes of the scratch space, and lets it end: the append of that number fails. */
function watch(scratch: Scratch, failAt = Number.POSITIVE_INFINITY) {
  const used = { files: 0, open: 0, appends: 0 };
  const watched: Scratch = {
    async createFile() {
      const file = await scratch.createFile();
      used.files++;
      used.open++;
      return {
        append: async (bytes) => {
          if (++used.appends === failAt)
            throw new ScratchSpaceError('/tmp: expected room for 9 bytes, got none');
          await file.append(bytes);
        },
        read: file.read,
        close: async () => {
          used.open--;
          await file.close();
        },
      };
    },
  };
  return { used, scratch: watched };
}

async function reduce(
  fixture: StageFixture,
  overrides: { scratch?: Scratch; engine: StageConfig['engine'] },
) {
  const { engine, ...deps } = overrides;
  const config = { ...fixture.deps.config, ...(engine && { engine }) };
  return createReducerHandler({ ...fixture.deps, ...deps, config })(event);
}

const commitOf = ({ store }: StageFixture) =>
  Buffer.from(
    store.objects.get(`${FIXTURE_TEMP}/${runKeys(FIXTURE_RUN_ID).reduceCommit(0)}`) ?? [],
  ).toString();

describe.each(engines)('a partition that does not fit in the memory of the %s engine', (engine) => {
  const mappers = Array.from({ length: 100 }, (_, mapper) =>
    Array.from({ length: 20 }, (_, index) => `https://www.shop.example/${(mapper * 7 + index * 11) % 300}`),
  );

  it.each([
    { what: 'one run', tableBytes: 15_000, files: 2 },
    { what: 'many runs', tableBytes: 1, files: 100 },
  ])('gives the same by $what as in memory', async ({ tableBytes, files }) => {
    const whole = await createReduceFixture(mappers);
    const inMemory = watch(whole.deps.scratch);
    await reduce(whole, { scratch: inMemory.scratch, engine });
    expect(inMemory.used.files).toBe(0);
    const tight = await createReduceFixture(mappers, { tableBytes });
    const spilling = watch(tight.deps.scratch);
    await reduce(tight, { scratch: spilling.scratch, engine });
    expect(spilling.used.files).toBeGreaterThanOrEqual(files);
    expect(spilling.used.open).toBe(0);
    expect(outputOf(tight)).toBe(outputOf(whole));
    expect(outputOf(tight).length).toBeGreaterThan(1000);
    expect(JSON.parse(commitOf(tight))).toEqual({
      ...JSON.parse(commitOf(whole)),
      fingerprint: expect.any(String),
    });
  });

  it('publishes nothing and keeps no file where the scratch space is full', async () => {
    const dry = watch((await createReduceFixture(mappers)).deps.scratch);
    const counting = await createReduceFixture(mappers, { tableBytes: 1 });
    await reduce(counting, { scratch: dry.scratch, engine });
    for (const failAt of [1, 50, 101, dry.used.appends]) {
      const fixture = await createReduceFixture(mappers, { tableBytes: 1 });
      const { used, scratch } = watch(fixture.deps.scratch, failAt);
      await expect(reduce(fixture, { scratch, engine })).rejects.toThrow(ScratchSpaceError);
      expect(used.open).toBe(0);
      expect([outputOf(fixture), commitOf(fixture)]).toEqual(['', '']);
      // The thread is as good as new.
      const next = await createReduceFixture([['b', 'a'], ['b']]);
      await reduce(next, { engine });
      expect(outputOf(next)).toBe('{\n"a":1,\n"b":2\n}\n');
    }
  });

  it('is refused, and not published, when a segment is damaged', async () => {
    const fixture = await createReduceFixture(mappers, { tableBytes: 1 });
    const { used, scratch } = watch(fixture.deps.scratch);
    const last = `${FIXTURE_TEMP}/shuffle-99`;
    const bytes = Buffer.from(fixture.store.objects.get(last) as Uint8Array);
    bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
    fixture.store.objects.set(last, bytes);
    await expect(reduce(fixture, { scratch, engine })).rejects.toThrow(/segment at byte 5: expected CRC-32/);
    expect(used).toMatchObject({ files: 99, open: 0 });
    expect(fixture.store.objects.has(OUTPUT)).toBe(false);
    expect(outputOf(fixture)).toBe('');
  });

  it('gives the same for any URLs and any budget', async () => {
    const url = fc.oneof(
      fc.constantFrom('', 'a', '\ud800', '\udc00', '😀', '\uffff', 'x'.repeat(300)),
      fc.string({ unit: 'binary', maxLength: 5 }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(url, { minLength: 1, maxLength: 10 }), { minLength: 1, maxLength: 70 }),
        fc.integer({ min: 1, max: 2000 }),
        async (urls, tableBytes) => {
          const whole = await createReduceFixture(urls);
          await reduce(whole, { engine });
          const tight = await createReduceFixture(urls, { tableBytes });
          await reduce(tight, { engine });
          expect(outputOf(tight)).toBe(outputOf(whole));
          expect(JSON.parse(commitOf(tight)).top).toEqual(JSON.parse(commitOf(whole)).top);
        },
      ),
      { numRuns: 40 },
    );
  });
});
