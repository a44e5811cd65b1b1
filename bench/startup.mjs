// How long a newcomer waits: `npx -y pnpm@10 mapreduce run` on 1 MB, from pressing return to the prompt.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const ROUNDS = 7;
const directory = mkdtempSync(path.join(tmpdir(), 'mapreduce-bench-'));
const input = path.join(directory, 'input.jsonl');

function mapreduce(...args) {
  const startedMs = performance.now();
  execFileSync('npx', ['-y', 'pnpm@10', '--silent', 'mapreduce', ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  return (performance.now() - startedMs) / 1000;
}

try {
  mapreduce('generate', '--lines', '5000', '--unique', '1000', '--out', input);
  const seconds = Array.from({ length: ROUNDS }, (_, round) =>
    mapreduce('run', input, '--out', path.join(directory, `out-${round}`)),
  );
  const [first, ...later] = seconds;
  later.sort((a, b) => a - b);
  const median = later[Math.floor(later.length / 2)];
  console.log(
    `1 MB, start to finish: first call ${first.toFixed(2)} s; later calls median ${median.toFixed(2)} s, fastest ${later[0].toFixed(2)} s, slowest ${later.at(-1).toFixed(2)} s`,
  );
} finally {
  rmSync(directory, { recursive: true, force: true });
}
