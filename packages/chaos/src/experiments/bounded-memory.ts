import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { parseManifest } from '@mapreduce/shared-utils';
import { buildMapreduce, inDirectory } from '../command-line';
import { type Experiment, type ExperimentOptions, expectThat, inStep, type Scale } from '../experiment';
import {
  badLines,
  differentUrls,
  gzipBomb,
  hotUrl,
  type LargeInput,
  longLine,
  longUrls,
  writeLargeInput,
} from '../large-inputs';
import { type Measured, measureMapreduce } from '../measured';

const MIB = 1024 * 1024;

interface Size {
  /** The inputs are so many times as large. */
  readonly factors: readonly number[];
  /** Of the smallest inputs. */
  readonly urls: number;
  readonly mebibytes: number;
  readonly lineMebibytes: number;
  readonly longUrls: number;
  readonly tableBytes: number;
  readonly maxLineBytes: number;
}

/** The table is smaller than what the smallest input has to put into it, but for the hot URL. */
const SIZES: Readonly<Record<Scale, Size>> = {
  short: {
    factors: [1, 16],
    urls: 120_000,
    mebibytes: 10,
    lineMebibytes: 10,
    longUrls: 300,
    tableBytes: MIB,
    maxLineBytes: MIB,
  },
  middle: {
    factors: [1, 4, 16],
    urls: 120_000,
    mebibytes: 16,
    lineMebibytes: 20,
    longUrls: 400,
    tableBytes: 2 * MIB,
    maxLineBytes: 16 * MIB,
  },
  full: {
    factors: [1, 4, 16],
    urls: 1_250_000,
    mebibytes: 100,
    lineMebibytes: 64,
    longUrls: 1000,
    tableBytes: 16 * MIB,
    maxLineBytes: 16 * MIB,
  },
};

const LONG_URL_BYTES = 64 * 1024;

/** What 16 times the input may take: so many times the peak, and an allowance for what a run only reaches late. */
const MAX_GROWTH = 1.25;
const GARBAGE_BYTES = 96 * MIB;

/** Of a process with two workers, tables of 16 MiB and lines of 16 MiB. */
const MAX_PEAK_BYTES = 384 * MIB;

interface Case {
  readonly name: string;
  readonly create: (size: Size, factor: number) => LargeInput;
  readonly flags?: readonly string[];
}

const CASES: readonly Case[] = [
  { name: 'different URLs', create: ({ urls }, factor) => differentUrls(urls * factor) },
  {
    name: 'different URLs, one partition',
    create: ({ urls }, factor) => differentUrls(urls * factor),
    flags: ['--num-buckets', '1'],
  },
  {
    name: 'URLs of 64 KiB',
    create: (size, factor) => longUrls(size.longUrls * factor, LONG_URL_BYTES),
  },
  { name: 'one URL', create: ({ mebibytes }, factor) => hotUrl(mebibytes * factor) },
  { name: 'gzip bomb', create: ({ mebibytes }, factor) => gzipBomb(mebibytes * factor) },
  { name: 'one line', create: ({ lineMebibytes }, factor) => longLine(lineMebibytes * factor) },
  { name: 'bad lines', create: ({ mebibytes }, factor) => badLines(mebibytes * factor) },
];

export const boundedMemory: Experiment = {
  name: 'bounded-memory',
  promise: `exact counts; with these inputs the process never takes more than ${formatMib(MAX_PEAK_BYTES)}, and for 16 times the input at most ${MAX_GROWTH} times as much and ${formatMib(GARBAGE_BYTES)} more`,
  faults:
    'inputs of 1, 4 and 16 times a size: all URLs different, in many partitions or one, long URLs, one hot URL, a gzip bomb, one line over the limit, nothing but bad lines',
  async run(options) {
    await buildMapreduce();
    return inDirectory((directory) => tryAll(directory, options));
  },
};

async function tryAll(directory: string, { seed, scale }: ExperimentOptions) {
  const figures: Record<string, number | string> = {};
  const size = SIZES[scale];
  for (const each of CASES) {
    const peaks: number[] = [];
    for (const factor of size.factors) {
      const step = `bounded-memory, ${each.name}, ${factor} times`;
      peaks.push(await inStep(seed, step, () => measure(directory, each, size, factor)));
    }
    await inStep(seed, `bounded-memory, ${each.name}`, async () => requireFlat(peaks));
    figures[each.name] = size.factors
      .map((factor, index) => `${factor}×: ${formatMib(peaks[index] ?? 0)}`)
      .join(', ');
  }
  return figures;
}

/** The peak of one run, whose counts are those of the generator. */
async function measure(
  directory: string,
  { create, flags = [] }: Case,
  size: Size,
  factor: number,
): Promise<number> {
  const input = create(size, factor);
  const file = path.join(directory, `input${input.suffix}`);
  const out = path.join(directory, 'out');
  await writeLargeInput(file, input);
  const budgets = ['--table-bytes', String(size.tableBytes), '--max-line-bytes', String(size.maxLineBytes)];
  const args = ['run', file, '-o', out, '-q', '--workers', '2', '--max-bad-ratio', '1', ...budgets, ...flags];
  const measured = await measureMapreduce(args, path.join(directory, 'peak'));
  await requireCounts(measured, out, input);
  for (const each of [file, out]) await rm(each, { recursive: true });
  return measured.peakBytes;
}

async function requireCounts(
  { code, signal, stderr }: Measured,
  out: string,
  { unique, total, bad }: LargeInput,
) {
  expectThat(code === 0, () => `expected mapreduce run to succeed, got ${code ?? signal}: ${stderr}`);
  const file = path.join(out, 'manifest.json');
  const { counts, records } = parseManifest(file, await readFile(file, 'utf8'));
  const found = [counts.unique, counts.total, records.bad].join();
  expectThat(
    found === [unique, total, bad].join(),
    () => `expected unique, total and bad ${[unique, total, bad]}, got ${found}`,
  );
}

function requireFlat(peaks: readonly number[]): void {
  const [least = 0] = peaks;
  const most = Math.max(...peaks);
  const limit = Math.min(least * MAX_GROWTH + GARBAGE_BYTES, MAX_PEAK_BYTES);
  expectThat(
    most <= limit,
    () => `expected peaks of at most ${formatMib(limit)}, got ${peaks.map(formatMib).join(', ')}`,
  );
}

function formatMib(bytes: number): string {
  return `${Math.round(bytes / MIB)} MiB`;
}
