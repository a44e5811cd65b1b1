import fc from 'fast-check';
import { ByteRate } from '../../src/local/byte-rate';

const reads = fc.array(fc.record({ atMs: fc.nat(1_000_000), bytes: fc.nat(1_000_000) }), { maxLength: 50 });
const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

describe('bytes by time', () => {
  it('are all there, in few bins, each where it was read', () => {
    fc.assert(
      fc.property(reads, (added) => {
        const rate = new ByteRate();
        for (const { atMs, bytes } of added) rate.add(atMs, bytes);
        expect(rate.bytes.length).toBeLessThanOrEqual(256);
        const expected = Array.from({ length: rate.bytes.length }, () => 0);
        for (const { atMs, bytes } of added) {
          const bin = Math.floor(atMs / rate.binMs);
          expected[bin] = (expected[bin] as number) + bytes;
        }
        expect(rate.bytes).toEqual(expected);
      }),
    );
  });

  it('lose nothing when those of a task are put among those of the run', () => {
    fc.assert(
      fc.property(reads, reads, fc.nat(100_000), (first, second, afterMs) => {
        const [run, task] = [new ByteRate(), new ByteRate()];
        for (const { atMs, bytes } of first) run.add(atMs, bytes);
        for (const { atMs, bytes } of second) task.add(atMs, bytes);
        run.addBins(task, afterMs);
        expect(sum(run.bytes)).toBeCloseTo(sum([...first, ...second].map(({ bytes }) => bytes)), 3);
      }),
    );
  });
});
