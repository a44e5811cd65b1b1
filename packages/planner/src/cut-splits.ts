import { formatDocument, type InputRange, type InputSplit, type PinnedObject } from '@mapreduce/shared-utils';

/** A split is an item of a Distributed Map, which takes 256 KiB; the rest is for what stands around the ranges. */
const MAX_RANGES_BYTES = 250_000;

/**
 * Cuts large plain objects into equal byte ranges of at most `splitBytes` and packs small ones together.
 * Compressed objects stay whole: nothing can be read from their middle. Empty ones need no work.
 */
export function cutSplits(objects: readonly PinnedObject[], splitBytes: number): InputSplit[] {
  const splits: InputRange[][] = [];
  let open: InputRange[] = [];
  let openBytes = 0;
  let lineBytes = 0;
  for (const object of objects) {
    if (object.size === 0) continue;
    if (object.compression === 'none' && object.size > splitBytes) {
      for (const range of cutObject(object, splitBytes)) splits.push([range]);
      continue;
    }
    const range = { ...object, start: 0, end: object.size };
    const rangeBytes = Buffer.byteLength(formatDocument(range)) + 1;
    if (openBytes + object.size > splitBytes || lineBytes + rangeBytes > MAX_RANGES_BYTES) {
      splits.push(open);
      open = [];
      openBytes = 0;
      lineBytes = 0;
    }
    open.push(range);
    openBytes += object.size;
    lineBytes += rangeBytes;
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
