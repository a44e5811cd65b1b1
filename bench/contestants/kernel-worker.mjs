import { closeSync, openSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { countRanges, engineOf, mergeRuns } from './engines.mjs';

const { engineName, file, nextRange } = workerData;
const engine = engineOf(engineName);

parentPort.on('message', ({ ranges, partitions, runs }) => {
  if (partitions !== undefined) return parentPort.postMessage(mergeRuns(engine, runs, partitions));
  const descriptor = openSync(file, 'r');
  const counted = countRanges(engine, descriptor, () => ranges[Atomics.add(nextRange, 0, 1)] ?? null);
  closeSync(descriptor);
  parentPort.postMessage(counted, [...new Set(counted.map(({ rows }) => rows.buffer))]);
});
