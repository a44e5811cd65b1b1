import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { InvalidInputError } from '@mapreduce/shared-utils';

/** Lines that a real log has now and then and that must not be counted; one is drawn for each dirty line. */
const DIRT: readonly string[] = [
  '{"ts":"2025-12-01T00:00:00.000Z","url":"https://shop.example/cut-off',
  '{"ts":"2025-12-01T00:00:00.000Z","status":499}',
  '{"ts":"2025-12-01T00:00:00.000Z","url":null}',
  '["https://shop.example/not-an-object"]',
  'upstream timed out (110: Connection timed out) while reading response header',
];

const METHODS = ['GET', 'GET', 'GET', 'GET', 'HEAD', 'POST'] as const;
const STATUSES = [200, 200, 200, 200, 304, 301, 404, 500] as const;
const SECTIONS = [
  'articles',
  'products',
  'search',
  'users',
  'images',
  'api/v2/orders',
  'static/css',
  'blog',
] as const;
const START_MS = Date.UTC(2025, 11, 1);

interface GenerateOptions {
  readonly lines: number;
  /** How many different URLs there are; all of them occur unless dirty lines crowd them out. */
  readonly unique: number;
  readonly seed: number;
  /** Share of lines that cannot be counted, 0 to 1. */
  readonly dirt: number;
}

/**
 * Access records as JSONL, about 200 bytes a line, the same for the same options on every machine. URLs
 * follow Zipf's law: the n-th most frequent one occurs about 1/n as often as the first.
 */
function* generateLines({ lines, unique, seed, dirt }: GenerateOptions): Generator<string> {
  const random = createRandom(seed);
  const pick = <Item>(items: readonly Item[]) => items[Math.floor(random() * items.length)] as Item;
  let introduced = 0;
  for (let line = 0; line < lines; line++) {
    // First sightings are spread evenly, so that every part of the file has new URLs.
    const isFirstSighting = introduced < Math.min(unique, Math.ceil(((line + 1) * unique) / lines));
    if (random() < dirt) {
      yield `${pick(DIRT)}\n`;
      continue;
    }
    const rank = isFirstSighting
      ? introduced++
      : Math.floor(Math.exp(random() * Math.log(introduced + 1))) - 1;
    const record = {
      ts: new Date(START_MS + line * 7).toISOString(),
      ip: `10.${Math.floor(random() * 256)}.${Math.floor(random() * 256)}.${Math.floor(random() * 256)}`,
      method: pick(METHODS),
      url: urlOf(rank),
      status: pick(STATUSES),
      bytes: Math.floor(random() * 100_000),
      duration_ms: Math.floor(random() * 2_000),
      agent: 'Mozilla/5.0 (X11; Linux x86_64)',
    };
    yield `${JSON.stringify(record)}\n`;
  }
}

/** Writes the lines to a file, which appears whole or not at all, or to standard output. */
export async function generate(
  options: GenerateOptions,
  out: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const lines = Readable.from(inBatches(generateLines(options)));
  if (out === undefined) return pipeline(lines, process.stdout, { signal, end: false });
  const unfinished = `${out}.unfinished`;
  try {
    await mkdir(path.dirname(out), { recursive: true });
    await pipeline(lines, createWriteStream(unfinished), { signal });
    await rename(unfinished, out);
  } catch (cause) {
    await rm(unfinished, { force: true }).catch(() => undefined);
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new InvalidInputError(
      `${out}: expected a file that can be written, got ${code ?? message}; choose another --out`,
      {
        cause,
      },
    );
  }
}

/** Few large writes are much faster than many small ones. */
function* inBatches(lines: Iterable<string>): Generator<string> {
  let batch = '';
  for (const line of lines) {
    batch += line;
    if (batch.length < 64 * 1024) continue;
    yield batch;
    batch = '';
  }
  yield batch;
}

function urlOf(rank: number): string {
  const section = SECTIONS[rank % SECTIONS.length];
  return `https://shop.example/${section}/${(Math.imul(rank + 1, 2654435761) >>> 0).toString(36)}-${rank}`;
}

/** SplitMix32: a number in [0, 1). Reproducibility is the point, and `Math.random` takes no seed. */
function createRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}
