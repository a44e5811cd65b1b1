import path from 'node:path';
import { renderPage } from '@mapreduce/report';
import { gatherReport } from '../local/gather-report';
import { openInBrowser } from '../local/open-in-browser';
import { PAGE } from '../local/page-file';
import { writePage } from '../local/write-page';

export interface ReportFlags {
  readonly page?: string;
  readonly open?: true;
}

/** Writes a page about an output, beside it where nothing else is said. */
export async function report(out: string, { page, open }: ReportFlags, signal: AbortSignal): Promise<void> {
  const file = page ?? path.join(out, PAGE);
  await writePage(file, renderPage(await gatherReport(out, signal)));
  process.stdout.write(`${file}\n`);
  if (open) openInBrowser(path.resolve(file));
}
