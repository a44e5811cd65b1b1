// One of our engines on worker threads: they take ranges of the file until none is left, then merge a share
// of the partitions each.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { PARTITIONS } from './engines.mjs';
import { serve } from './serve.mjs';

const RANGES = 64;
const [engineName, file, workerCount] = process.argv.slice(2);
const nextRange = new Int32Array(new SharedArrayBuffer(4));
const workers = Array.from(
  { length: Number(workerCount) },
  () =>
    new Worker(new URL('./kernel-worker.mjs', import.meta.url), {
      workerData: { engineName, file, nextRange },
    }),
);

await serve(async () => {
  const startedMs = performance.now();
  Atomics.store(nextRange, 0, 0);
  const ranges = cutRanges();
  const runs = (await askAll(() => ({ ranges }))).flat();
  const mapSeconds = (performance.now() - startedMs) / 1000;
  const answers = await askAll((worker) => {
    const partitions = Array.from({ length: PARTITIONS }, (_, index) => index).filter(
      (partition) => partition % workers.length === worker,
    );
    return { partitions, runs: runs.filter(({ partition }) => partitions.includes(partition)) };
  });
  const sum = (key) => answers.reduce((total, answer) => total + answer[key], 0);
  return { unique: sum('unique'), total: sum('total'), mapSeconds };
});

/** Hands every worker its task, and the bytes in it without a copy. */
function askAll(taskOf) {
  return Promise.all(
    workers.map((worker, index) => {
      const task = taskOf(index);
      const transfer = (task.runs ?? []).map(({ rows }) => rows.buffer);
      return new Promise((resolve, reject) => {
        worker.removeAllListeners();
        worker.once('message', resolve);
        worker.once('error', reject);
        worker.postMessage(task, [...new Set(transfer)]);
      });
    }),
  );
}

/** Ranges of whole lines. */
function cutRanges() {
  const descriptor = openSync(file, 'r');
  const { size } = fstatSync(descriptor);
  const chunk = Buffer.allocUnsafe(64 * 1024);
  const cuts = [0];
  for (let index = 1; index < RANGES; index++) {
    const at = Math.floor((size / RANGES) * index);
    const length = readSync(descriptor, chunk, 0, chunk.length, at);
    cuts.push(at + chunk.subarray(0, length).indexOf(0x0a) + 1);
  }
  closeSync(descriptor);
  return cuts.map((start, index) => ({ start, end: cuts[index + 1] ?? size }));
}
