// One of our engines on one thread: read, scan, count, emit; then merge what was emitted.
import { closeSync, fstatSync, openSync } from 'node:fs';
import { countRanges, engineOf, mergeRuns, PARTITIONS } from './engines.mjs';
import { serve } from './serve.mjs';

const [engineName, file] = process.argv.slice(2);
const engine = engineOf(engineName);
const partitions = Array.from({ length: PARTITIONS }, (_, partition) => partition);

await serve(() => {
  const startedMs = performance.now();
  const descriptor = openSync(file, 'r');
  const ranges = [{ start: 0, end: fstatSync(descriptor).size }];
  const runs = countRanges(engine, descriptor, () => ranges.pop() ?? null);
  closeSync(descriptor);
  const mapSeconds = (performance.now() - startedMs) / 1000;
  return { ...mergeRuns(engine, runs, partitions), mapSeconds };
});
