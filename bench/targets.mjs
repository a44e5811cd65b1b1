// What the project set itself to reach, and what a run reached.
import { speedup } from './statistics.mjs';

const OURS = 'mapreduce run, sorted';

/** A contest, the one of ours in it and the one it is to beat, in every file. */
const TARGETS = [
  ['one core against DuckDB, 1 thread', 1.7, 2.2, 'kernel', 'wasm', 'DuckDB'],
  ['two workers against DuckDB, 2 threads', 1.5, 2, 'workers', 'wasm, 2 workers', 'DuckDB'],
  [
    'whole job, sorted, against DuckDB’s unsorted COPY … PARTITION_BY',
    1.3,
    1.7,
    'job',
    OURS,
    'DuckDB, unsorted',
  ],
  ['whole job, sorted, against DuckDB’s sorted partitions', 1.7, 2.5, 'job', OURS, 'DuckDB, sorted'],
  ['one core against Python json + Counter', 10, 15, 'kernel', 'wasm', 'Python json + Counter'],
  ['reduce against JSON partials', 8, 12, 'reduce', 'wasm', 'JSON.parse + Map', 'mergeSeconds'],
  ['gzip input, whole machine, against DuckDB, 2 threads', 1.4, 2, 'gzip', OURS, 'DuckDB, unsorted'],
  ['two workers over one', 1.7, 1.85, 'workers', 'wasm, 2 workers', 'wasm, 1 worker', 'seconds'],
];

export function judge(measurements) {
  const verdicts = TARGETS.map(([what, must, aim, contest, ours, theirs, key]) => {
    const { files } = measurements[contest] ?? { files: {} };
    const got = ratios(files, ours, theirs, key ?? 'seconds');
    // What other processes take of the machine moves seconds, but hardly this.
    const byCpu = key === undefined ? ratios(files, ours, theirs, 'cpuSeconds') : {};
    return verdict({ what, must, aim, got, byCpu });
  });
  return [...verdicts, judgeMemory(measurements.job)];
}

function ratios(files, ours, theirs, key) {
  const got = {};
  for (const [file, { contestants }] of Object.entries(files)) {
    const [a, b] = [contestants[ours]?.[key], contestants[theirs]?.[key]];
    if (a !== undefined && b !== undefined) got[file] = speedup(a, b).ratio;
  }
  return got;
}

function judgeMemory(jobs) {
  const contestants = jobs?.files.B?.contestants;
  const [ours, theirs] = [OURS, 'DuckDB, unsorted'].map((name) => contestants?.[name]?.peakBytes);
  return verdict({
    what: 'peak memory of the whole job at 5 million URLs: DuckDB’s over ours',
    must: 4,
    aim: 8,
    got: ours === undefined || theirs === undefined ? {} : { B: theirs.median / ours.median },
    byCpu: {},
  });
}

function verdict({ must, got, ...rest }) {
  const values = Object.values(got);
  return { ...rest, must, got, isMet: values.length > 0 && values.every((ratio) => ratio >= must) };
}
