import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  CorruptRunError,
  type Manifest,
  manifestKey,
  mapConcurrently,
  type ObjectRef,
  type ObjectStore,
  parseManifest,
  readText,
} from '@mapreduce/shared-utils';
import { OutputDirectory } from '../local/output-directory';

/** Files on their way at once; each is read in parts, side by side. */
const CONCURRENT_FILES = 4;

const NO_INPUTS = { files: [], totalBytes: 0, directories: [] };

/**
 * Brings the output of a run into a directory: what its manifest names and nothing else, each bucket checked against
 * its checksum. All of it appears together, or nothing does.
 * @throws InputNotFoundError where there is no manifest, CorruptRunError where an object is another one than it names
 */
export async function fetchOutput(
  store: ObjectStore,
  { bucket, prefix }: { readonly bucket: string; readonly prefix: string },
  out: string,
  overwrite: boolean,
  signal: AbortSignal,
): Promise<Manifest> {
  const ref = { bucket, objectKey: manifestKey(prefix) };
  const json = await readText(store, ref);
  const manifest = parseManifest(store.uri(ref), json);
  const output = OutputDirectory.open(out, NO_INPUTS, overwrite);
  try {
    await fetchFiles(store, bucket, manifest, output.staged, signal);
    await writeFile(path.join(output.staged, 'manifest.json'), json);
    signal.throwIfAborted();
    output.publish();
  } finally {
    output.close();
  }
  return manifest;
}

async function fetchFiles(
  store: ObjectStore,
  bucket: string,
  { outputs, rejects }: Manifest,
  directory: string,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(path.join(directory, 'rejects'), { recursive: true });
  await mapConcurrently(
    outputs,
    CONCURRENT_FILES,
    async ({ bucket: partition, outputBucket, outputKey, sha256 }) => {
      const ref = { bucket: outputBucket, objectKey: outputKey };
      const file = path.join(directory, `bucket_${partition}.json`);
      const found = await fetchFile(store, ref, file, signal);
      if (found === sha256) return;
      throw new CorruptRunError(
        `${store.uri(ref)}: expected SHA-256 ${sha256}, as the manifest says, got ${found}; run the job again`,
      );
    },
  );
  await mapConcurrently(rejects, CONCURRENT_FILES, ({ split, key }) =>
    fetchFile(store, { bucket, objectKey: key }, path.join(directory, 'rejects', `${split}.jsonl`), signal),
  );
}

/** Returns the SHA-256 of what it has written. */
async function fetchFile(
  store: ObjectStore,
  ref: ObjectRef,
  file: string,
  signal: AbortSignal,
): Promise<string> {
  const hash = createHash('sha256');
  const hashed = async function* () {
    for await (const bytes of store.read(ref)) {
      hash.update(bytes);
      yield bytes;
    }
  };
  await pipeline(hashed(), createWriteStream(file), { signal });
  return hash.digest('hex');
}
