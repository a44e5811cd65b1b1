import path from 'node:path';
import { type Manifest, TopList, type UrlCount } from '@mapreduce/shared-utils';
import { readBucket, readManifest } from '../local/output-reader';

/** The `limit` most frequent URLs of an output: from the manifest if it lists that many, else from the files. */
export async function readTop(out: string, limit: number): Promise<{ manifest: Manifest; top: UrlCount[] }> {
  const manifest = await readManifest(out);
  if (limit <= manifest.top.length || manifest.counts.unique === manifest.top.length) {
    return { manifest, top: manifest.top.slice(0, limit) };
  }
  const top = new TopList(limit);
  for (const { outputKey } of manifest.outputs) {
    for await (const entry of readBucket(path.join(out, path.basename(outputKey)))) top.add(entry);
  }
  return { manifest, top: top.toArray() };
}
