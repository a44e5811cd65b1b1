// Our engines, as one thread uses them: counting lines into rows, and merging rows.
import { readSync } from 'node:fs';
import { referenceKernel, wasmKernel } from '../dist/kernel.mjs';

export const PARTITIONS = 32;

/** The defaults of the mapper. */
const COUNTER_OPTIONS = {
  partitionCount: PARTITIONS,
  urlField: 'url',
  maxLineBytes: 16 * 1024 * 1024,
  tableBytes: 32 * 1024 * 1024,
  headerBytes: 0,
  onReject: ({ reason, offset }) => {
    throw new Error(`byte ${offset}: ${reason}`);
  },
};

/** Of the reducer: what B has in one of 32 partitions fits. */
export const MERGER_OPTIONS = {
  tableBytes: COUNTER_OPTIONS.tableBytes,
  topCount: 100,
  topBytes: 1024 * 1024,
};

export function engineOf(name) {
  const engine = [referenceKernel, wasmKernel].find((kernel) => kernel.name === name);
  if (engine === undefined) throw new Error(`expected an engine of packages/kernel, got ${name}`);
  return engine;
}

/** Counts whole lines, `[start, end)` of a file for every range; returns runs of rows by partition. */
export function countRanges(engine, descriptor, nextRange) {
  const counter = engine.createCounter(COUNTER_OPTIONS);
  const runs = [];
  for (let range = nextRange(); range !== null; range = nextRange()) {
    counter.begin(range.start);
    for (let at = range.start; at < range.end; ) {
      const room = counter.room();
      const length = readSync(descriptor, room, 0, Math.min(room.length, range.end - at), at);
      counter.push(room.subarray(0, length));
      at += length;
      if (counter.isFull) runs.push(...copyOf(counter.emit()));
    }
    counter.end();
  }
  runs.push(...copyOf(counter.emit()));
  counter.close();
  return runs;
}

/** An emission is gone with the engine's next call. */
function copyOf({ partitions }) {
  return partitions.map(({ partition, rows }) => ({ partition, rows: rows.slice() }));
}

/** Makes the answer whole, as the peers' is: one count for every URL. */
export function mergeRuns(engine, runs, partitions) {
  const answer = { unique: 0, total: 0 };
  for (const partition of partitions) {
    const merger = engine.createMerger(MERGER_OPTIONS);
    for (const run of runs) if (run.partition === partition) merger.add(run.rows);
    answer.unique += merger.unique;
    answer.total += merger.total;
    merger.close();
  }
  return answer;
}
