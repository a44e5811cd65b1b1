import { formatDocument, type PinnedObject } from '@mapreduce/shared-utils';
import fc from 'fast-check';
import { cutSplits } from '../src/cut-splits';

const object = (
  key: string,
  size: number,
  compression: PinnedObject['compression'] = 'none',
): PinnedObject => ({
  bucket: 'in',
  key,
  etag: 'e',
  size,
  compression,
});

const ranges = (objects: readonly PinnedObject[], splitBytes: number) =>
  cutSplits(objects, splitBytes).map((split) => split.ranges.map(({ key, start, end }) => [key, start, end]));

describe('cutting splits', () => {
  it.each<[string, PinnedObject[], unknown]>([
    ['no object', [], []],
    ['an empty object', [object('a', 0)], []],
    ['an object of the split size', [object('a', 100)], [[['a', 0, 100]]]],
    ['one byte more, in equal parts', [object('a', 101)], [[['a', 0, 50]], [['a', 50, 101]]]],
    [
      'small objects together',
      [object('a', 40), object('b', 60), object('c', 1)],
      [
        [
          ['a', 0, 40],
          ['b', 0, 60],
        ],
        [['c', 0, 1]],
      ],
    ],
    [
      'each further split as the first',
      [object('a', 60), object('b', 60), object('c', 40), object('d', 1, 'gzip')],
      [
        [['a', 0, 60]],
        [
          ['b', 0, 60],
          ['c', 0, 40],
        ],
        [['d', 0, 1]],
      ],
    ],
    ['a compressed object whole', [object('a', 1000, 'gzip')], [[['a', 0, 1000]]]],
  ])('handles %s', (_, objects, expected) => {
    expect(ranges(objects, 100)).toEqual(expected);
  });

  it('keeps the line of a split below what a Distributed Map takes as an item', () => {
    const longNames = Array.from({ length: 2500 }, (_, index) =>
      object(`${index}/${'\u0001'.repeat(300)}`, 1),
    );
    const lines = cutSplits(longNames, 1_000_000).map((split) => formatDocument(split).length);
    expect(lines.length).toBeGreaterThan(10);
    expect(Math.max(...lines)).toBeLessThanOrEqual(256 * 1024);
    expect(Math.min(...lines.slice(0, -1))).toBeGreaterThan(240_000);
  });

  it('tiles every object exactly, in order, and numbers the splits', () => {
    const objects = fc.array(
      fc.record({
        size: fc.nat({ max: 500 }),
        compression: fc.constantFrom('none' as const, 'gzip' as const),
      }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(objects, fc.integer({ min: 1, max: 300 }), (sizes, splitBytes) => {
        const inputs = sizes.map(({ size, compression }, index) => object(`${index}`, size, compression));
        const splits = cutSplits(inputs, splitBytes);
        expect(splits.map(({ split }) => split)).toEqual(splits.map((_, index) => index));
        for (const input of inputs) {
          const own = splits.flatMap((split) => split.ranges).filter(({ key }) => key === input.key);
          expect(own.at(0)?.start ?? 0).toBe(0);
          expect(own.at(-1)?.end ?? 0).toBe(input.size);
          expect(own.slice(1).map(({ start }) => start)).toEqual(own.slice(0, -1).map(({ end }) => end));
          expect(own.every(({ start, end }) => end > start)).toBe(true);
          if (input.compression !== 'none') expect(own.length).toBeLessThanOrEqual(1);
        }
        for (const { ranges } of splits) {
          const bytes = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
          expect(bytes <= splitBytes || ranges.length === 1).toBe(true);
        }
      }),
    );
  });
});
