import type { CountMerger, ReadRun } from '../src';
import { copies } from './count-lines';

/** The table as a run in memory. */
export function takeRun(merger: CountMerger): Buffer {
  return Buffer.concat([...copies(merger.takeRun())]);
}

/** Reads at most `mostBytes` at a time, as a disk may. */
export function readerOf(run: Uint8Array, mostBytes = Number.POSITIVE_INFINITY): ReadRun {
  let at = 0;
  return async (buffer) => {
    const piece = run.subarray(at, at + Math.min(mostBytes, buffer.length));
    buffer.set(piece);
    at += piece.length;
    return piece.length;
  };
}

export async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const collected: Uint8Array[] = [];
  for await (const piece of pieces) collected.push(new Uint8Array(piece));
  return Buffer.concat(collected);
}
