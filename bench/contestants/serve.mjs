// A contestant lives in a process of its own: it prints one JSON line when it is ready, then one for every
// line on its standard input, the result of one pass.
import { readFileSync } from 'node:fs';
import readline from 'node:readline';

/** @param {() => Promise<object> | object} pass counts once; resolves with at least `unique` and `total` */
export async function serve(pass, details = {}) {
  print({ isReady: true, ...details });
  for await (const _line of readline.createInterface({ input: process.stdin })) {
    // What an earlier pass left behind is not the cost of this one.
    globalThis.gc?.();
    const cpuBefore = process.cpuUsage();
    const startedMs = performance.now();
    const result = await pass();
    const seconds = (performance.now() - startedMs) / 1000;
    const { user, system } = process.cpuUsage(cpuBefore);
    print({ seconds, cpuSeconds: (user + system) / 1e6, peakBytes: peakBytes(), ...result });
  }
  process.exit(0);
}

/** Largest resident memory of this process so far. */
export function peakBytes() {
  try {
    // Not ru_maxrss, which begins at the size of the process that forked this one.
    return 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
  } catch {
    return 1024 * process.resourceUsage().maxRSS;
  }
}

function print(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
