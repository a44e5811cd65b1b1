import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  CorruptRunError,
  InputNotFoundError,
  type Manifest,
  type OutputSummary,
  parseManifest,
  quote,
  type UrlCount,
} from '@mapreduce/shared-utils';

const PIECE_BYTES = 64 * 1024;

export interface ReadBucketOptions {
  readonly signal: AbortSignal;
  /** Read at a time; in memory it takes about five times that. */
  readonly pieceBytes?: number;
}

/** @throws InputNotFoundError when the directory holds no finished output */
export async function readManifest(out: string): Promise<Manifest> {
  const file = path.resolve(out, 'manifest.json');
  let json: string;
  try {
    json = await readFile(file, 'utf8');
  } catch (cause) {
    throw new InputNotFoundError(
      `${file}: expected the manifest of a finished run, got none (${(cause as NodeJS.ErrnoException).code}); check the path or run again`,
      { cause },
    );
  }
  return parseManifest(file, json);
}

/**
 * The same, where all that it names is to be read.
 * @throws CorruptRunError where that is not each bucket once, under its own name, with the counts that it sums up
 */
export async function readWholeManifest(out: string): Promise<Manifest> {
  const manifest = await readManifest(out);
  const { outputs, counts, configuration } = manifest;
  const buckets = new Set(outputs.map(({ bucket }) => bucket));
  const isWhole =
    buckets.size === outputs.length &&
    outputs.every(({ bucket }) => bucket < configuration.numBuckets) &&
    outputs.every(({ bucket, outputKey }) => path.basename(outputKey) === `bucket_${bucket}.json`) &&
    outputs.reduce((sum, { unique }) => sum + unique, 0) === counts.unique &&
    outputs.reduce((sum, { total }) => sum + total, 0) === counts.total;
  if (isWhole) return manifest;
  throw new CorruptRunError(
    `${path.resolve(out, 'manifest.json')}: expected each bucket once, under its own name, and the sums of their counts, got others; run \`mapreduce verify\``,
  );
}

/** Names of the `bucket_<p>.json` files that are there, listed in the manifest or not. */
export async function listBuckets(out: string): Promise<string[]> {
  return (await readdir(out)).filter((name) => /^bucket_\d+\.json$/.test(name));
}

/**
 * The entries of a bucket that a manifest names, as `readBucket` gives them.
 * @throws CorruptRunError where there are not as many as it says, or their counts have another sum
 */
export async function* readOutput(
  out: string,
  { outputKey, unique, total }: OutputSummary,
  options: ReadBucketOptions,
): AsyncGenerator<UrlCount[]> {
  const file = path.join(out, path.basename(outputKey));
  let urls = 0;
  let counted = 0;
  for await (const entries of readBucket(file, options)) {
    urls += entries.length;
    for (const { count } of entries) counted += count;
    yield entries;
  }
  if (urls !== unique || counted !== total) {
    throw new CorruptRunError(
      `${file}: expected ${unique} URLs and counts of ${total} in all, got ${urls} and ${counted}; run \`mapreduce verify\``,
    );
  }
}

/**
 * The entries of a `bucket_<p>.json` in order, some at a time, in constant memory: the files have one entry a line.
 * @throws CorruptRunError where the file is not of that form
 */
export async function* readBucket(file: string, options: ReadBucketOptions): AsyncGenerator<UrlCount[]> {
  let number = 0;
  for await (const lines of readLines(file, options)) {
    const entries: UrlCount[] = [];
    for (const line of lines) {
      number++;
      if (line !== '{' && line !== '}' && line !== '') entries.push(parseEntry(file, number, line));
    }
    yield entries;
  }
}

/** Lines without their LF, as many as a piece of the file completes. */
async function* readLines(file: string, options: ReadBucketOptions): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let begun = '';
  for await (const chunk of readChunks(file, options)) {
    const lines = decoder.decode(chunk, { stream: true }).split('\n');
    lines[0] = begun + lines[0];
    begun = lines.pop() as string;
    yield lines;
  }
  yield [begun + decoder.decode()];
}

async function* readChunks(
  file: string,
  { signal, pieceBytes }: ReadBucketOptions,
): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(file, { signal, highWaterMark: pieceBytes ?? PIECE_BYTES });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new CorruptRunError(
      `${file}: expected the file that the manifest names, got ${code === 'ENOENT' ? 'none' : (code ?? message)}`,
      { cause },
    );
  }
}

/** One line of a bucket file: `"<url>":<count>` with a comma behind all but the last. */
function parseEntry(file: string, number: number, line: string): UrlCount {
  const colon = line.lastIndexOf(':');
  const count = line.slice(colon + 1, line.endsWith(',') ? -1 : undefined);
  if (!line.startsWith('"') || line[colon - 1] !== '"' || !/^[1-9]\d*$/.test(count)) {
    throw new CorruptRunError(`${file}: line ${number}: expected "url":count, got ${quote(line)}`);
  }
  return { url: parseUrl(file, number, line.slice(0, colon)), count: Number(count) };
}

function parseUrl(file: string, line: number, json: string): string {
  try {
    return JSON.parse(json) as string;
  } catch (cause) {
    throw new CorruptRunError(`${file}: line ${line}: expected a JSON string, got ${quote(json)}`, { cause });
  }
}
