import { setImmediate } from 'node:timers/promises';
import * as fc from 'fast-check';
import { type ByteRange, isPipelineError, readBytes } from '../../src';
import { createS3Store } from '../../src/io/s3-store';
import { failBySeed, type S3Fault, SLOW_DOWN } from '../../testing';
import { clientConfigOf, type FaultyStore, patternOf, startFaultyStore } from '../../testing/s3';

const MIB = 1024 * 1024;

const beforeTheWork: readonly S3Fault[] = [
  SLOW_DOWN,
  { kind: 'status', status: 500, code: 'InternalError' },
  { kind: 'reset' },
  { kind: 'silence' },
];
const afterTheWork = beforeTheWork.map((fault) => ({ ...fault, isObeyed: true }) as S3Fault);
const ofTheBody: readonly S3Fault[] = [
  { kind: 'cut', afterBytes: 0 },
  { kind: 'cut', afterBytes: 1 },
  { kind: 'cut', afterBytes: 77 },
  { kind: 'stall', afterBytes: 33 },
  { kind: 'short', byBytes: 5 },
  { kind: 'late', ms: 1 },
];
const faultsOfReads = [...beforeTheWork, ...ofTheBody];
const faultsOfWrites = [...beforeTheWork, ...afterTheWork];

/** Offsets that need not be in the object; the first may be the greater. */
const range = fc
  .record({ start: fc.nat(700), end: fc.nat(700) })
  .map(({ start, end }): ByteRange => ({ start: Math.min(start, end), end: Math.max(start, end) }));

const readCase = fc.record({
  size: fc.nat(600),
  range: fc.option(range, { nil: undefined }),
  partBytes: fc.integer({ min: 40, max: 700 }),
  partsInFlight: fc.integer({ min: 1, max: 10 }),
  isPinned: fc.boolean(),
  seed: fc.nat(),
  share: fc.constantFrom(0, 0.2, 0.5, 0.8),
  /** At this call of the read the object becomes another, of this size. */
  overwrite: fc.option(fc.record({ at: fc.integer({ min: 1, max: 8 }), size: fc.nat(600) }), {
    nil: undefined,
  }),
});

describe('under any faults', () => {
  let faulty: FaultyStore;
  let objects = 0;

  beforeEach(async () => {
    faulty = await startFaultyStore();
  });
  afterEach(() => faulty.close());

  /** Runs an act to its end. Timers ring once nothing has moved for long: the other side is silent. */
  const complete = async <Result>(act: Promise<Result>): Promise<Result | Error> => {
    let isOver = false;
    const outcome = act.then(
      (result) => result,
      (error: Error) => error,
    );
    outcome.finally(() => {
      isOver = true;
    });
    for (let idleTurns = 0, seen = ''; !isOver; await setImmediate()) {
      const moved = `${faulty.server.calls.length} ${faulty.server.countOpenCalls()} ${faulty.time.pauses.length}`;
      idleTurns = moved === seen ? idleTurns + 1 : 0;
      seen = moved;
      if (idleTurns > 300) faulty.time.advance(60_000);
    }
    return outcome;
  };

  it('a read gives exactly the bytes of one object or an error, for any range, parts and faults', async () => {
    const checkRead = async (options: typeof readCase extends fc.Arbitrary<infer Case> ? Case : never) => {
      const { size, range, partBytes, partsInFlight, isPinned, seed, share, overwrite } = options;
      const settings = { partBytes, partsInFlight, time: faulty.time };
      const store = createS3Store(clientConfigOf(faulty.server), settings);
      const key = `object-${objects++}`;
      const before = patternOf(size);
      const after = patternOf(overwrite?.size ?? size).map((byte) => byte ^ 0xff);
      const ref = faulty.seed(key, before);
      faulty.server.injectFaults(() => undefined);
      const { etag } = await store.head(ref);

      const firstCall = faulty.server.calls.length;
      const planFault = failBySeed(seed, share, faultsOfReads);
      faulty.server.injectFaults((call) => {
        if (call.number - firstCall === overwrite?.at) faulty.seed(key, after);
        return planFault(call);
      });
      const reading = readBytes(store, ref, { ...(range && { range }), ...(isPinned && { ifMatch: etag }) });
      const outcome = await complete(reading);
      store.destroy();

      if (outcome instanceof Error) {
        expect(isPipelineError(outcome)).toBe(true);
        const parts = Math.ceil(((range?.end ?? size) - (range?.start ?? 0)) / partBytes) + 1;
        expect(faulty.server.calls.length - firstCall).toBeLessThanOrEqual(8 * parts);
        return;
      }
      const candidates = [before, ...(overwrite !== undefined && !isPinned ? [after] : [])]
        .filter((content) => (range?.end ?? 0) <= content.length || range?.start === range?.end)
        .map((content) => Buffer.from(content.subarray(range?.start, range?.end)).toString('hex'));
      expect(candidates).toContain(Buffer.from(outcome).toString('hex'));
    };
    await fc.assert(fc.asyncProperty(readCase, checkRead), { numRuns: 200 });
  });

  it('a read succeeds where the faults are few', async () => {
    const content = patternOf(20_000);
    const ref = faulty.seed('object', content);
    const store = createS3Store(clientConfigOf(faulty.server), { partBytes: 1000, time: faulty.time });
    for (let seed = 0; seed < 10; seed++) {
      faulty.server.injectFaults(failBySeed(seed, 0.2, faultsOfReads));
      const outcome = await complete(readBytes(store, ref, { range: { start: 0, end: content.length } }));
      expect(Buffer.compare(outcome as Uint8Array, content)).toBe(0);
    }
    store.destroy();
  });

  it('C39 of many conditional writes at most one is told that it won, and its bytes stand', async () => {
    let won = 0;
    for (let seed = 0; seed < 40; seed++) {
      faulty.server.injectFaults(failBySeed(seed, 0.5, faultsOfWrites));
      const ref = { bucket: 'bucket', objectKey: `commit-${seed}` };
      const contents = Array.from({ length: 6 }, (_, attempt) =>
        Buffer.from(`attempt ${attempt} of ${seed}`),
      );
      const outcomes = await complete(
        Promise.all(
          contents.map((bytes) =>
            faulty.store.put(ref, bytes, { ifNoneMatch: true }).catch((error: Error) => error),
          ),
        ),
      );
      const winners = contents.filter((_, attempt) => (outcomes as unknown[])[attempt] === true);
      expect(winners.length).toBeLessThanOrEqual(1);
      const stored = faulty.server.objects.get(`bucket/commit-${seed}`);
      for (const winner of winners) expect(Buffer.compare(stored ?? Buffer.of(), winner)).toBe(0);
      won += winners.length;
    }
    expect(won).toBeGreaterThan(30);
  });

  it('a writer makes exactly its object or none, and never says that it has where it has not', async () => {
    const pieces = [patternOf(9 * MIB), patternOf(9 * MIB + 1), patternOf(5)];
    const content = Buffer.concat(pieces);
    let written = 0;
    for (let seed = 0; seed < 12; seed++) {
      faulty.server.injectFaults(failBySeed(seed, 0.4, faultsOfWrites));
      const objectKey = `written-${seed}`;
      const write = async () => {
        const writer = faulty.store.createWriter({ bucket: 'bucket', objectKey });
        for (const piece of pieces) await writer.write(piece);
        await writer.close();
        return true;
      };
      const outcome = await complete(write());
      const stored = faulty.server.objects.get(`bucket/${objectKey}`);
      if (stored !== undefined) expect(Buffer.compare(stored, content)).toBe(0);
      if (outcome === true) expect(stored).toBeDefined();
      else expect(isPipelineError(outcome)).toBe(true);
      written += outcome === true ? 1 : 0;
    }
    expect(written).toBeGreaterThan(6);
  });
});
