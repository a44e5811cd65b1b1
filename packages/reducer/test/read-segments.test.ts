import { setImmediate } from 'node:timers/promises';
import type { ObjectStore, Segment } from '@mapreduce/shared-utils';
import { createMemoryStore } from '@mapreduce/shared-utils/testing';
import { readSegments } from '../src/read-segments';

const MIB = 1024 * 1024;

/** Reads `count` segments of `length` bytes; tells how many reads were open at once. */
async function readAll(count: number, length: number): Promise<number> {
  const memory = createMemoryStore();
  const content = Buffer.from(Array.from({ length: count * length }, (_, index) => index % 251));
  await memory.put({ bucket: 'temp', objectKey: 'shuffle' }, content);
  let open = 0;
  let mostAtOnce = 0;
  const store: ObjectStore = {
    ...memory,
    async *read(...args) {
      mostAtOnce = Math.max(mostAtOnce, ++open);
      await setImmediate();
      yield* memory.read(...args);
      open--;
    },
  };
  async function* segments(): AsyncGenerator<Segment> {
    for (let at = 0; at < count; at++) yield { key: 'shuffle', offset: at * length, length };
  }
  const pieces: Buffer[] = [];
  for await (const { bytes } of readSegments(store, 'temp', segments())) pieces.push(Buffer.from(bytes));
  expect(Buffer.concat(pieces).equals(content)).toBe(true);
  return mostAtOnce;
}

describe('the segments of a partition', () => {
  it.each([
    ['many small ones', 100, 10, 32],
    ['few large ones', 3, 3 * MIB, 6],
    ['all of them where they are fewer', 2, 10, 2],
  ])('are read in order, %s at a time', async (_, count, length, expected) => {
    expect(await readAll(count, length)).toBe(expected);
  });
});
