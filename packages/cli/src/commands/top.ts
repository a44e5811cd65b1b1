import { type Manifest, TopList, type UrlCount } from '@mapreduce/shared-utils';
import { readManifest, readOutput } from '../local/output-reader';
import { columns, printJson } from '../render/output';
import { formatTopTable } from '../render/top-table';

export interface TopFlags {
  readonly limit: number;
  readonly json?: true;
}

export async function top(out: string, { limit, json }: TopFlags): Promise<void> {
  const { manifest, top } = await readTop(out, limit);
  if (json) printJson(top);
  else if (top.length > 0) process.stdout.write(`${formatTopTable(top, manifest.counts.total, columns())}\n`);
}

/** The `limit` most frequent URLs of an output: from the manifest if it lists that many, else from the files. */
async function readTop(out: string, limit: number): Promise<{ manifest: Manifest; top: UrlCount[] }> {
  const manifest = await readManifest(out);
  if (limit <= manifest.top.length || manifest.counts.unique === manifest.top.length) {
    return { manifest, top: manifest.top.slice(0, limit) };
  }
  const top = new TopList(limit);
  for (const output of manifest.outputs) {
    for await (const entries of readOutput(out, output)) for (const entry of entries) top.add(entry);
  }
  return { manifest, top: top.toArray() };
}
