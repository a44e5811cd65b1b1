import path from 'node:path';
import { PAGE } from '../local/page-file';
import { type LocalRunOptions, runLocally } from '../local/run-locally';
import type { RunWatch } from '../local/run-watch';
import type { Progress } from '../render/progress';
import type { WatchFlags } from './watched-run';

export interface RunFlags
  extends Omit<LocalRunOptions, 'inputs' | 'signal' | 'onStart' | 'overwrite' | 'watch'>,
    WatchFlags {
  readonly overwrite?: boolean;
  readonly json?: true;
  readonly quiet?: true;
}

/** Counts the inputs into a directory, and says what came of it. */
export async function run(
  inputs: readonly string[],
  { quiet, json, overwrite = false, report, ui, ...flags }: RunFlags,
  signal: AbortSignal,
): Promise<void> {
  const startedMs = performance.now();
  const isShown = process.stderr.isTTY && !quiet && !json;
  const { startProgress } = isShown ? await import('../render/progress') : {};
  let progress: Progress | undefined;
  const start = (watch?: RunWatch) =>
    runLocally({
      ...flags,
      ...(watch && { watch }),
      overwrite,
      inputs,
      signal,
      onStart: (totalBytes, bytesRead, engine) => {
        if (flags.engine === undefined && engine === 'reference') {
          process.stderr.write(
            'mapreduce: this Node has no WebAssembly SIMD; counting with the slower plain engine\n',
          );
        }
        progress = startProgress?.(totalBytes, bytesRead);
      },
    }).finally(() => progress?.stop());
  const { watchRun } = report || ui ? await import('./watched-run') : {};
  const watched = { out: flags.out, ...(report && { report }), ...(ui && { ui }) };
  const manifest = await (watchRun?.(watched, signal, start) ?? start());
  if (quiet && !json) return;
  const { columns, printJson } = await import('../render/output');
  if (json) return printJson(manifest);
  const { formatRunReport } = await import('../render/run-report');
  process.stdout.write(formatRunReport(manifest, flags.out, performance.now() - startedMs, columns()));
  if (report) process.stdout.write(`  page    ${path.join(flags.out, PAGE)}\n`);
}
