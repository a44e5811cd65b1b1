import type { InputSplit } from '@mapreduce/shared-utils';
import { requireExpressFits } from '../src/express-limits';

const MIB = 1024 * 1024;

function splitsOf(count: number, bytes: number): InputSplit[] {
  const object = { bucket: 'in', key: 'a', etag: 'e', size: bytes, compression: 'none' as const };
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
    expect(() => requireExpressFits(splitsOf(count, bytes))).not.toThrow();
  });

  it.each([
    [
      'more splits than its state can list',
      10_001,
      1,
      /at most 10000 splits .*, got 10001; raise SPLIT_BYTES/,
    ],
    ['a terabyte', 8000, 128 * MIB, /at most 200 s of mapping .*, got about \d+ s; start several executions/],
    ['what takes its time to start', 10_000, 32 * MIB, /got about 293 s/],
    ['one compressed object of 20 GB', 1, 20_000 * MIB, /at most 200 s of mapping/],
  ])('is not %s', (_, count, bytes, message) => {
    expect(() => requireExpressFits(splitsOf(count, bytes))).toThrow(
      expect.objectContaining({ name: 'ExpressLimitError', message: expect.stringMatching(message) }),
    );
  });
});
