import { type Manifest, TopList, type UrlCount } from '@mapreduce/shared-utils';
import { readManifest, readOutput, readWholeManifest } from '../local/output-reader';
import { columns, printJson } from '../render/output';
import { formatTopTable } from '../render/top-table';

export interface TopFlags {
  readonly limit: number;
  readonly json?: true;
}

export async function top(out: string, { limit, json }: TopFlags, signal: AbortSignal): Promise<void> {
  const { manifest, top } = await readTop(out, limit, signal);
  if (json) printJson(top);
  else if (top.length > 0) process.stdout.write(`${formatTopTable(top, manifest.counts.total, columns())}\n`);
}

/** The `limit` most frequent URLs of an output: from the manifest if it lists that many, else from the files. */
async function readTop(
  out: string,
  limit: number,
  signal: AbortSignal,
): Promise<{ manifest: Manifest; top: UrlCount[] }> {
  const manifest = await readManifest(out);
  if (limit <= manifest.top.length || manifest.counts.unique === manifest.top.length) {
    return { manifest, top: manifest.top.slice(0, limit) };
  }
  const top = new TopList(limit);
  const { outputs } = await readWholeManifest(out);
  for (const output of outputs) {
    for await (const entries of readOutput(out, output, { signal }))
      for (const entry of entries) top.add(entry);
  }
  return { manifest, top: top.toArray() };
}
