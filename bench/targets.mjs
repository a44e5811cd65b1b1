// What the project set itself to reach, and what a run reached.
import { speedup } from './statistics.mjs';

/** `figures` gives one ratio for every file that was measured. */
const TARGETS = [
  {
    what: 'one core against DuckDB, 1 thread',
    must: 1.7,
    aim: 2.2,
    figures: (r) => ratios(r.kernel, 'wasm', 'DuckDB'),
  },
  {
    what: 'two workers against DuckDB, 2 threads',
    must: 1.5,
    aim: 2,
    figures: (r) => ratios(r.workers, 'wasm, 2 workers', 'DuckDB'),
  },
  {
    what: 'whole job, sorted, against DuckDB’s unsorted COPY … PARTITION_BY',
    must: 1.3,
    aim: 1.7,
    figures: (r) => ratios(r.job, 'mapreduce run, sorted', 'DuckDB, unsorted'),
  },
  {
    what: 'whole job, sorted, against DuckDB’s sorted partitions',
    must: 1.7,
    aim: 2.5,
    figures: (r) => ratios(r.job, 'mapreduce run, sorted', 'DuckDB, sorted'),
  },
  {
    what: 'one core against Python json + Counter',
    must: 10,
    aim: 15,
    figures: (r) => ratios(r.kernel, 'wasm', 'Python json + Counter'),
  },
  {
    what: 'reduce against JSON partials',
    must: 8,
    aim: 12,
    figures: (r) => ratios(r.reduce, 'wasm', 'JSON.parse + Map', 'mergeSeconds'),
  },
  {
    what: 'gzip input, whole machine, against DuckDB, 2 threads',
    must: 1.4,
    aim: 2,
    figures: (r) => ratios(r.gzip, 'mapreduce run, sorted', 'DuckDB, unsorted'),
  },
  {
    what: 'peak memory of the whole job at 5 million URLs: DuckDB’s over ours',
    must: 4,
    aim: 8,
    figures: (r) => peaks(r.job),
  },
  {
    what: 'two workers over one',
    must: 1.7,
    aim: 1.85,
    figures: (r) => ratios(r.workers, 'wasm, 2 workers', 'wasm, 1 worker'),
  },
];

export function judge(results) {
  return TARGETS.map(({ what, must, aim, figures }) => {
    const got = figures(results);
    const values = Object.values(got);
    return { what, must, aim, got, isMet: values.length > 0 && values.every((value) => value >= must) };
  });
}

function ratios(measurement, ours, theirs, key = 'seconds') {
  const got = {};
  for (const [file, { contestants }] of Object.entries(measurement?.files ?? {})) {
    const [a, b] = [contestants[ours]?.[key], contestants[theirs]?.[key]];
    if (a !== undefined && b !== undefined) got[file] = Number(speedup(a, b).ratio.toFixed(2));
  }
  return got;
}

function peaks(measurement) {
  const contestants = measurement?.files.B?.contestants;
  const [ours, theirs] = ['mapreduce run, sorted', 'DuckDB, unsorted'].map(
    (name) => contestants?.[name]?.peakBytes,
  );
  if (ours === undefined || theirs === undefined) return {};
  return { B: Number((theirs.median / ours.median).toFixed(2)) };
}
