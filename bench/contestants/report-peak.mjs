// Loaded before a whole job with --import: leaves its peak memory in a file when it exits.
import { writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { peakBytes } from './serve.mjs';

if (isMainThread) {
  process.on('exit', () => {
    const { user, system } = process.cpuUsage();
    writeFileSync(
      process.env.BENCH_PEAK_FILE,
      JSON.stringify({ peakBytes: peakBytes(), cpuSeconds: (user + system) / 1e6 }),
    );
  });
}
