import { CorruptRunError, compareBytes, concatBytes } from '@mapreduce/shared-utils';
import type { ReadRun } from './kernel';
import { decodeRows, type Row, wholeRowsEnd } from './rows';

const BUFFER_BYTES = 64 * 1024;

/** The rows of a run, one after another. */
export async function* readRows(run: ReadRun): AsyncGenerator<Row> {
  let kept = new Uint8Array(0);
  while (true) {
    const buffer = new Uint8Array(BUFFER_BYTES);
    const bytesRead = await run(buffer);
    if (bytesRead === 0) break;
    const bytes = concatBytes([kept, buffer.subarray(0, bytesRead)]);
    const end = wholeRowsEnd(bytes);
    yield* decodeRows(bytes.subarray(0, end));
    kept = bytes.slice(end);
  }
  if (kept.length > 0)
    throw new CorruptRunError('sorted run: expected a whole row at its end; start the run again');
}

/** Sorted rows into one sorted sequence; rows with the same bytes become one. */
export async function* mergeSortedRows(sources: readonly AsyncGenerator<Row>[]): AsyncGenerator<Row> {
  const heads = await Promise.all(sources.map((source) => source.next()));
  let pending: Row | null = null;
  while (true) {
    const least = indexOfLeast(heads);
    if (least === -1) break;
    const row = heads[least]?.value as Row;
    heads[least] = await (sources[least] as AsyncGenerator<Row>).next();
    if (pending !== null && compareBytes(pending.bytes, row.bytes) === 0) {
      pending = { bytes: row.bytes, count: pending.count + row.count };
      continue;
    }
    if (pending !== null) yield pending;
    pending = row;
  }
  if (pending !== null) yield pending;
}

function indexOfLeast(heads: readonly IteratorResult<Row>[]): number {
  let least = -1;
  for (const [index, head] of heads.entries()) {
    if (head.done) continue;
    const best = heads[least];
    if (best === undefined || compareBytes(head.value.bytes, best.value.bytes) < 0) least = index;
  }
  return least;
}
