import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type Report, renderPage, type Verdict } from '@mapreduce/report';
import type { Manifest } from '@mapreduce/shared-utils';
import { gatherReport } from '../local/gather-report';
import { LiveServer } from '../local/live-server';
import { PAGE } from '../local/page-file';
import { RunWatch } from '../local/run-watch';
import { writePage } from '../local/write-page';

export interface WatchFlags {
  readonly out: string;
  /** Write a page when the run is over, whatever came of it. */
  readonly report?: true;
  /** Serve it on this machine while the run goes on. */
  readonly ui?: true;
}

/** A run with a page about it: while it goes on, of its output, or of its failure. */
export async function watchRun(
  { out, report, ui }: WatchFlags,
  signal: AbortSignal,
  run: (watch: RunWatch) => Promise<Manifest>,
): Promise<Manifest> {
  const watch = new RunWatch(out);
  const live = ui ? await LiveServer.start(watch) : null;
  if (live !== null) process.stderr.write(`mapreduce: this run is shown at ${live.url} until it ends\n`);
  try {
    const manifest = await run(watch);
    if (report || live?.isWatched) await showOutput(out, report, live);
    return manifest;
  } catch (error) {
    throw await showFailure(watch, error, signal, report, live);
  } finally {
    await live?.close();
  }
}

async function showOutput(out: string, isWritten: true | undefined, live: LiveServer | null): Promise<void> {
  // The output is there: an interruption now must not be reported as that of the run.
  const found = await gatherReport(out, new AbortController().signal);
  if (isWritten) await writePage(path.join(out, PAGE), renderPage(found));
  live?.finish(found);
}

/** Returns the error, which says where the page is. Where that cannot be written, the error counts all the same. */
async function showFailure(
  watch: RunWatch,
  error: unknown,
  { aborted }: AbortSignal,
  isWritten: true | undefined,
  live: LiveServer | null,
): Promise<unknown> {
  if (watch.output === null || !(error instanceof Error)) return error;
  const { name, message } = error;
  const verdict: Verdict = aborted ? { kind: 'interrupted' } : { kind: 'failed', name, message };
  try {
    const found = await watch.report(verdict);
    live?.finish(found);
    if (!isWritten) return error;
    const page = await writeFailure(watch.output.failedPage, found);
    return Object.assign(error, { message: `${message}; the page about it is ${page}` });
  } catch {
    return error;
  }
}

async function writeFailure(file: string, found: Report): Promise<string> {
  // A run that leaves nothing takes away the directory that it has made.
  await mkdir(path.dirname(file), { recursive: true });
  await writePage(file, renderPage(found));
  return file;
}
