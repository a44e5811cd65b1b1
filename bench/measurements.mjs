// What is measured, on which files, and who takes part.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureFile } from './data.mjs';
import { outputCheck, readBucket, readRecords } from './outputs.mjs';
import { ensurePartials } from './partials.mjs';
import { ensureGzipParts, warm } from './prepare.mjs';
import { job, server } from './processes.mjs';

const cli = fileURLToPath(new URL('../packages/cli/dist/main.mjs', import.meta.url));
const duckdbScript = fileURLToPath(new URL('./contestants/duckdb-job.mjs', import.meta.url));
const root = fileURLToPath(new URL('..', import.meta.url));
const WORKERS = 2;

/** Every one returns the work: contestants, the right answer, and the bytes that a pass reads. */
export const MEASUREMENTS = {
  kernel: {
    title: 'One core: bytes to one count for every URL',
    files: ['A', 'C', 'B', 'E'],
    prepare: ({ source, python }) => ({
      contestants: [
        server('wasm', 'kernel-one-core.mjs', ['wasm', source.file]),
        server('DuckDB', 'duckdb-count.mjs', [source.file, 1]),
        server('Polars', 'polars-count.mjs', [source.file], { env: { POLARS_MAX_THREADS: '1' } }),
        server('reference', 'kernel-one-core.mjs', ['reference', source.file], { isSlow: true }),
        server('readline + JSON.parse', 'readline-count.mjs', [source.file], { isSlow: true }),
        ...pythonPeer(python, source.file),
      ],
    }),
  },
  workers: {
    title: 'Two cores: the same',
    files: ['A', 'C', 'B', 'E'],
    prepare: ({ source }) => ({
      contestants: [
        server('wasm, 2 workers', 'kernel-workers.mjs', ['wasm', source.file, WORKERS]),
        server('wasm, 1 worker', 'kernel-workers.mjs', ['wasm', source.file, 1]),
        server('DuckDB', 'duckdb-count.mjs', [source.file, WORKERS]),
        server('Polars', 'polars-count.mjs', [source.file], { env: { POLARS_MAX_THREADS: `${WORKERS}` } }),
      ],
    }),
  },
  job: {
    title: 'Whole job on two cores, from starting the process to 32 files on disk',
    files: ['A', 'C', 'B', 'E'],
    isLarge: true,
    prepare: ({ source, scratch }) => ({ contestants: wholeJobs([source.file], scratch) }),
  },
  gzip: {
    title: 'Whole job on two cores, the input in four gzip files',
    files: ['A', 'C'],
    isLarge: true,
    prepare: async ({ source, scratch }) => {
      const { files, compressedBytes } = await ensureGzipParts(source);
      warm(files);
      return { contestants: wholeJobs(files, scratch), notes: { compressedBytes } };
    },
  },
  reduce: {
    title: 'Reduce alone: the partial counts of 16 mappers, in memory, to the text of the output',
    files: ['A', 'B'],
    prepare: ({ source }) => {
      const partitions = Array.from({ length: source.name === 'B' ? 4 : 32 }, (_, partition) => partition);
      // With the version of the rows' format: files of another are of no use.
      const directory = `${source.file}.partials-2`;
      const { listFile, records, answer } = ensurePartials(directory, source, partitions);
      return {
        answer,
        notes: { records, partitions: partitions.length },
        contestants: [
          server('wasm', 'reduce.mjs', ['wasm', listFile]),
          server('reference', 'reduce.mjs', ['reference', listFile]),
          server('JSON.parse + Map', 'reduce.mjs', ['json', listFile]),
        ],
      };
    },
  },
  startup: {
    title: 'Start-up: 1 MB, from pressing return to the prompt',
    files: ['A'],
    prepare: ({ directory, scratch }) => {
      const tiny = ensureFile(directory, 'A', 'tiny');
      const npx = (out) => [
        'npx',
        '-y',
        'pnpm@10',
        '--silent',
        'mapreduce',
        'run',
        tiny.file,
        '--out',
        out,
        '--quiet',
      ];
      const [ours, duckdb] = wholeJobs([tiny.file], scratch);
      return {
        answer: tiny,
        notes: { bytes: tiny.bytes },
        contestants: [
          job(
            'npx -y pnpm@10 mapreduce run',
            path.join(scratch, 'npx'),
            npx,
            outputCheck(readBucket, { isSorted: true }),
            {
              hasPeak: false,
              cwd: root,
            },
          ),
          ours,
          duckdb,
        ],
      };
    },
  },
};

function pythonPeer(python, file) {
  if (python === null) return [];
  return [server('Python json + Counter', 'python-count.py', [file], { command: [python], isSlow: true })];
}

function wholeJobs(files, scratch) {
  const ours = (out) => [
    process.execPath,
    cli,
    'run',
    ...files,
    '--out',
    out,
    '--overwrite',
    '--quiet',
    '--workers',
    `${WORKERS}`,
  ];
  const duckdb = (kind) => (out) => [process.execPath, duckdbScript, kind, `${WORKERS}`, out, ...files];
  return [
    job(
      'mapreduce run, sorted',
      path.join(scratch, 'ours'),
      ours,
      outputCheck(readBucket, { isSorted: true }),
    ),
    job(
      'DuckDB, unsorted',
      path.join(scratch, 'unsorted'),
      duckdb('unsorted'),
      outputCheck(readRecords, { isSorted: false }),
    ),
    job(
      'DuckDB, sorted',
      path.join(scratch, 'sorted'),
      duckdb('sorted'),
      outputCheck(readRecords, { isSorted: true }),
    ),
  ];
}
