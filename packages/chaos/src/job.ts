import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { StageConfig } from '@mapreduce/shared-utils';
import type { Random } from './random';

export const IN = 'in';
export const TEMP = 'temp';
export const OUT = 'out';

interface JobFile {
  readonly key: string;
  readonly bytes: Uint8Array;
}

/** An input, how it is to be counted, and what is known of the answer before anything has run. */
export interface Job {
  readonly files: readonly JobFile[];
  readonly config: StageConfig;
  readonly input: object;
  readonly counts: ReadonlyMap<string, number>;
  readonly ok: number;
  readonly lines: number;
}

export interface JobShape {
  readonly files: number;
  readonly linesPerFile: number;
  readonly urls: number;
  readonly splitBytes: number;
  readonly numBuckets: number;
  /** Small enough and a mapper emits more than once. */
  readonly tableBytes?: number;
  readonly compressions?: readonly Compression[];
  readonly badLines?: boolean;
  /** Both give the same; the plain one starts faster. */
  readonly engine?: 'wasm' | 'reference';
}

type Compression = 'none' | 'gzip' | 'zstd';

/** URLs that collide, hide, sort oddly or look like something else. */
const ODD_URLS = [
  '',
  '__proto__',
  'constructor',
  '1',
  '01',
  'Aa',
  'BB',
  '\ud800',
  '\udc00',
  '\ufffd',
  '\uffff',
  '😀',
];

const BAD_LINES = ['{', '[]', '{"url":1}', '{"u":"a"}', '{"url":"a"} x', 'null'];

const COMPRESS: Readonly<Record<Compression, (bytes: Uint8Array) => Uint8Array>> = {
  none: (bytes) => bytes,
  gzip: (bytes) => gzipSync(bytes),
  zstd: (bytes) => zstdCompressSync(bytes),
};

/** Writes an input and counts it as it goes, so that the answer does not come from what is tested. */
export function createJob(random: Random, shape: JobShape): Job {
  const counts = new Map<string, number>();
  const urls = [...ODD_URLS, ...Array.from({ length: shape.urls }, (_, n) => `https://a.example/${n}`)];
  let ok = 0;
  let lines = 0;
  const createLine = (): string => {
    lines++;
    if (random.chance(0.04)) return random.pick(['', ' ', '\r']);
    if (shape.badLines !== false && random.chance(0.04)) return random.pick(BAD_LINES);
    // The square makes some URLs much more frequent than others.
    const url = urls[Math.floor(random.next() ** 2 * urls.length)] as string;
    counts.set(url, (counts.get(url) ?? 0) + 1);
    ok++;
    return JSON.stringify({ n: random.below(1000), url, pad: 'x'.repeat(random.below(40)) });
  };
  const { compressions = ['none'] } = shape;
  const files = Array.from({ length: shape.files }, (_, index) => {
    const text = Array.from({ length: shape.linesPerFile }, createLine).join('\n');
    const compression = compressions[index % compressions.length] as Compression;
    return {
      key: `logs/file-${index}.${compression}`,
      bytes: COMPRESS[compression](Buffer.from(`${text}\n`)),
    };
  });
  return { files, counts, ok, lines, ...settingsOf(shape, files) };
}

function settingsOf(shape: JobShape, files: readonly JobFile[]): Pick<Job, 'config' | 'input'> {
  const config: StageConfig = {
    bucketTemp: TEMP,
    bucketOutput: OUT,
    outputPrefix: 'reduce-output',
    numBuckets: shape.numBuckets,
    splitBytes: shape.splitBytes,
    urlField: 'url',
    maxLineBytes: 64 * 1024,
    tableBytes: shape.tableBytes ?? 1024 * 1024,
    maxDecompressedBytes: null,
    maxBadRecords: null,
    maxBadRatio: 1,
    engine: shape.engine ?? 'wasm',
  };
  return { config, input: { input_files: files.map(({ key }) => ({ bucket: IN, key })), run_id: 'run' } };
}
