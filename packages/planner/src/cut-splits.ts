import type { InputRange, InputSplit, PinnedObject } from '@mapreduce/shared-utils';

/** Keeps one plan line, and what one mapper opens, within reason when objects are tiny. */
const MAX_RANGES_PER_SPLIT = 1000;

/**
 * Cuts large plain objects into equal byte ranges of at most `splitBytes` and packs small ones together.
 * Compressed objects stay whole: nothing can be read from their middle. Empty ones need no work.
 */
export function cutSplits(objects: readonly PinnedObject[], splitBytes: number): InputSplit[] {
  const splits: InputRange[][] = [];
  let open: InputRange[] = [];
  let openBytes = 0;
  for (const object of objects) {
    if (object.size === 0) continue;
    if (object.compression === 'none' && object.size > splitBytes) {
      for (const range of cutObject(object, splitBytes)) splits.push([range]);
      continue;
    }
    if (openBytes + object.size > splitBytes || open.length === MAX_RANGES_PER_SPLIT) {
      splits.push(open);
      open = [];
      openBytes = 0;
    }
    open.push({ ...object, start: 0, end: object.size });
    openBytes += object.size;
  }
  splits.push(open);
  return splits.filter((ranges) => ranges.length > 0).map((ranges, split) => ({ split, ranges }));
}

function cutObject(object: PinnedObject, splitBytes: number): InputRange[] {
  const pieces = Math.ceil(object.size / splitBytes);
  const cutAt = (piece: number) => Math.floor((piece * object.size) / pieces);
  return Array.from({ length: pieces }, (_, piece) => ({
    ...object,
    start: cutAt(piece),
    end: cutAt(piece + 1),
  }));
}
