import type { InputSplit, PinnedObject } from '@mapreduce/shared-utils';
import { chooseSplitBytes, countGroups, requireFits } from '../src/machine-limits';

const MIB = 1024 * 1024;
const TB = 1e12;
const PB = 1e15;

function splitsOf(
  count: number,
  bytes: number,
  compression: PinnedObject['compression'] = 'none',
): InputSplit[] {
  const object = { bucket: 'in', key: 'a', etag: 'e', size: bytes, compression };
  return Array.from({ length: count }, (_, split) => ({
    split,
    ranges: [{ ...object, start: 0, end: bytes }],
  }));
}

describe('what an Express execution holds', () => {
  it.each([
    ['nothing', 0, 0],
    ['100 GB in splits of 128 MiB', 800, 128 * MIB],
    ['ten thousand tiny splits', 10_000, 1000],
  ])('is %s', (_, count, bytes) => {
    expect(() => requireFits('express', splitsOf(count, bytes))).not.toThrow();
  });

  it.each([
    [
      'more splits than its state can list',
      10_001,
      1,
      /at most 10000 splits .*, got 10001; start the batch state machine/,
    ],
    [
      'a terabyte',
      8000,
      128 * MIB,
      /at most 200 s of mapping .*, got about \d+ s; start the batch state machine/,
    ],
    ['what takes its time to start', 10_000, 32 * MIB, /got about 293 s/],
    ['one compressed object of 20 GB', 1, 20_000 * MIB, /at most 200 s of mapping/],
  ])('is not %s', (_, count, bytes, message) => {
    expect(() => requireFits('express', splitsOf(count, bytes))).toThrow(
      expect.objectContaining({ name: 'PlanLimitError', message: expect.stringMatching(message) }),
    );
  });
});

describe('the batch machine', () => {
  it('takes any number of splits that a mapper finishes in time', () => {
    expect(() => requireFits('batch', splitsOf(20_000, 12_000_000_000))).not.toThrow();
  });

  it.each([
    ['none', /got 12000000001 in in\/a; start several executions with fewer inputs each/],
    ['gzip', /got 12000000001 in in\/a; a compressed object cannot be cut: write it as several/],
  ] as const)('refuses a split that takes longer, compressed: %s', (compression, message) => {
    expect(() => requireFits('batch', splitsOf(1, 12_000_000_001, compression))).toThrow(
      expect.objectContaining({ name: 'PlanLimitError', message: expect.stringMatching(message) }),
    );
  });

  it('cuts a petabyte into larger splits, and a terabyte as it is told', () => {
    expect(chooseSplitBytes('batch', 128 * MIB, PB)).toBe(10_000_000_000);
    expect(chooseSplitBytes('batch', 128 * MIB, TB)).toBe(128 * MIB);
    expect(chooseSplitBytes('express', 128 * MIB, PB)).toBe(128 * MIB);
  });

  it.each([
    ['batch', 0, 1],
    ['batch', 1000, 1],
    ['batch', 1001, 2],
    ['express', 10_000, 1],
    ['local', 100_000, 1],
  ] as const)('%s: groups %d splits by %d tasks', (machine, splits, groups) => {
    expect(countGroups(machine, splits)).toBe(groups);
  });
});

describe('the local machine', () => {
  it('takes whatever it is given', () => {
    expect(() => requireFits('local', splitsOf(100, 100 * TB))).not.toThrow();
  });
});
