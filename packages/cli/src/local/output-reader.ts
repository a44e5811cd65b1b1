import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { LineAssembler } from '@mapreduce/kernel';
import {
  CorruptRunError,
  InputNotFoundError,
  type Manifest,
  parseManifest,
  quote,
  type UrlCount,
} from '@mapreduce/shared-utils';

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

/** Names of the `bucket_<p>.json` files that are there, listed in the manifest or not. */
export async function listBuckets(out: string): Promise<string[]> {
  return (await readdir(out)).filter((name) => /^bucket_\d+\.json$/.test(name));
}

/** One line of a bucket file: `"<url>":<count>` with a comma behind all but the last. */
const ENTRY = /^(".*"):(\d+),?$/s;

/**
 * The entries of a `bucket_<p>.json` in order, in constant memory: the files have one entry a line.
 * @throws CorruptRunError where the file is not of that form
 */
export async function* readBucket(file: string): AsyncGenerator<UrlCount> {
  const lines: string[] = [];
  const decoder = new TextDecoder();
  const assembler = new LineAssembler(Number.POSITIVE_INFINITY, ({ bytes }) =>
    lines.push(decoder.decode(bytes)),
  );
  assembler.begin(0);
  let number = 0;
  for await (const chunk of readChunks(file)) {
    assembler.push(chunk);
    for (const line of lines.splice(0)) {
      number++;
      if (line !== '{' && line !== '}' && line !== '') yield parseEntry(file, number, line);
    }
  }
}

async function* readChunks(file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(file, { highWaterMark: 1024 * 1024 });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new CorruptRunError(
      `${file}: expected a file that the manifest names, got none (${code ?? message})`,
      { cause },
    );
  }
}

function parseEntry(file: string, number: number, line: string): UrlCount {
  const [, url, count] = ENTRY.exec(line) ?? [];
  if (url === undefined || count === undefined) {
    throw new CorruptRunError(`${file}: line ${number}: expected "url":count, got ${quote(line)}`);
  }
  return { url: parseUrl(file, number, url), count: Number(count) };
}

function parseUrl(file: string, line: number, json: string): string {
  try {
    return JSON.parse(json) as string;
  } catch (cause) {
    throw new CorruptRunError(`${file}: line ${line}: expected a JSON string, got ${quote(json)}`, { cause });
  }
}
