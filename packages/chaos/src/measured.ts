import { readFile } from 'node:fs/promises';
import { type Finished, MAPREDUCE, start } from './command-line';

const KIB = 1024;

export interface Measured extends Finished {
  /** Most that was resident at any time, of all threads. */
  readonly peakBytes: number;
}

/** Runs `mapreduce` to its end, and has it leave its peak in a file. */
export async function measureMapreduce(args: readonly string[], peakFile: string): Promise<Measured> {
  const [node, bundle] = MAPREDUCE;
  const finished = await start([node, '--import', probe(peakFile), bundle, ...args]).finished;
  return { ...finished, peakBytes: Number(await readFile(peakFile, 'utf8')) * KIB };
}

/**
 * A module that runs before the command line. The kernel's high-water mark, where there is one: `maxRSS` of a
 * child begins with that of the process that started it.
 */
function probe(peakFile: string): string {
  const source = `
    import { existsSync, readFileSync, writeFileSync } from 'node:fs';
    import { isMainThread } from 'node:worker_threads';
    const status = '/proc/self/status';
    const readPeak = () => existsSync(status)
      ? /VmHWM:\\s*(\\d+)/.exec(readFileSync(status, 'utf8'))[1]
      : process.resourceUsage().maxRSS;
    if (isMainThread) process.on('exit', () => writeFileSync(${JSON.stringify(peakFile)}, String(readPeak())));`;
  return `data:text/javascript,${encodeURIComponent(source)}`;
}
