import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';

const PIECE_BYTES = 1024 * 1024;

/** What is written out of little memory, and what must be counted in it. */
export interface LargeInput {
  readonly suffix: string;
  readonly pieces: () => Iterable<Uint8Array>;
  readonly unique: number;
  readonly total: number;
  readonly bad: number;
}

export async function writeLargeInput(file: string, { pieces }: LargeInput): Promise<void> {
  await pipeline(Readable.from(pieces()), createWriteStream(file));
}

/** Every URL once, none like its neighbour. */
export function differentUrls(lines: number): LargeInput {
  return {
    suffix: '.jsonl',
    pieces: () => inPieces(lines, (index) => lineOf(`https://x.example/${scatter(index)}`)),
    unique: lines,
    total: lines,
    bad: 0,
  };
}

export function longUrls(lines: number, urlBytes: number): LargeInput {
  const rest = 'x'.repeat(urlBytes);
  return {
    suffix: '.jsonl',
    pieces: () => inPieces(lines, (index) => lineOf(`${scatter(index)}/${rest}`)),
    unique: lines,
    total: lines,
    bad: 0,
  };
}

export function hotUrl(mebibytes: number): LargeInput {
  const { bytes, lines } = repeatLine(lineOf('https://x.example/hot'));
  return {
    suffix: '.jsonl',
    pieces: () => repeat(bytes, mebibytes),
    unique: 1,
    total: lines * mebibytes,
    bad: 0,
  };
}

export function badLines(mebibytes: number): LargeInput {
  const { bytes, lines } = repeatLine('{"uri":"https://x.example/"}\n');
  return {
    suffix: '.jsonl',
    pieces: () => repeat(bytes, mebibytes),
    unique: 0,
    total: 0,
    bad: lines * mebibytes,
  };
}

/** Members that inflate to hundreds of times their size. */
export function gzipBomb(mebibytes: number): LargeInput {
  const { bytes, lines } = repeatLine(lineOf('https://x.example/hot'));
  const member = gzipSync(bytes, { level: 9 });
  return {
    suffix: '.jsonl.gz',
    pieces: () => repeat(member, mebibytes),
    unique: 1,
    total: lines * mebibytes,
    bad: 0,
  };
}

/** A line that is longer than may be read, and one behind it. */
export function longLine(mebibytes: number): LargeInput {
  return {
    suffix: '.jsonl',
    pieces: function* () {
      yield Buffer.from('{"url":"');
      yield* repeat(Buffer.alloc(PIECE_BYTES, 'x'), mebibytes);
      yield Buffer.from(`"}\n${lineOf('https://x.example/')}`);
    },
    unique: 1,
    total: 1,
    bad: 1,
  };
}

function lineOf(url: string): string {
  return `{"url":"${url}"}\n`;
}

/** A bijection of 32-bit numbers: no two are the same. */
function scatter(index: number): string {
  return (Math.imul(index + 1, 0x9e3779b1) >>> 0).toString(36).padStart(7, '0');
}

function* inPieces(lines: number, line: (index: number) => string): Generator<Uint8Array> {
  let piece = '';
  for (let index = 0; index < lines; index++) {
    piece += line(index);
    if (piece.length < PIECE_BYTES) continue;
    yield Buffer.from(piece);
    piece = '';
  }
  yield Buffer.from(piece);
}

function repeatLine(line: string): { bytes: Uint8Array; lines: number } {
  const lines = Math.floor(PIECE_BYTES / line.length);
  return { bytes: Buffer.from(line.repeat(lines)), lines };
}

function* repeat(bytes: Uint8Array, times: number): Generator<Uint8Array> {
  for (let time = 0; time < times; time++) yield bytes;
}
