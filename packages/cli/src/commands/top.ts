import path from 'node:path';
import { compareRank, type Manifest, type UrlCount } from '@mapreduce/shared-utils';
import { readBucket, readManifest } from '../local/output-reader';

/** The `limit` most frequent URLs of an output: from the manifest if it lists that many, else from the files. */
export async function readTop(out: string, limit: number): Promise<{ manifest: Manifest; top: UrlCount[] }> {
  const manifest = await readManifest(out);
  if (limit <= manifest.top.length || manifest.counts.unique === manifest.top.length) {
    return { manifest, top: manifest.top.slice(0, limit) };
  }
  let best: UrlCount[] = [];
  for (const { outputKey } of manifest.outputs) {
    for await (const entry of readBucket(path.join(out, path.basename(outputKey)))) {
      best.push(entry);
      // Sorting now and then keeps the list short at little cost.
      if (best.length >= 2 * limit + 1000) best = best.sort(compareRank).slice(0, limit);
    }
  }
  return { manifest, top: best.sort(compareRank).slice(0, limit) };
}
