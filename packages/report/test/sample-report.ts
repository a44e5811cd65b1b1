import { EMPTY_TALLY, type TimelineRow } from '@mapreduce/shared-utils';
import { CountHistogram, type Report } from '../src';

/** One attempt; what is not said is nothing. */
export function row(fields: Partial<TimelineRow> & Pick<TimelineRow, 'stage'>): TimelineRow {
  const startedMs = fields.startedMs ?? 0;
  const endedMs = fields.endedMs ?? startedMs + 10;
  return {
    number: 0,
    attempts: 1,
    retries: 0,
    failures: 0,
    worker: 0,
    busyMs: endedMs - startedMs,
    longestMs: endedMs - startedMs,
    bytesRead: 0,
    spills: 0,
    spilledBytes: 0,
    ...fields,
    startedMs,
    endedMs,
  };
}

const COUNTS = [50, 30, 15, 4, 1];

/** A run of a hundred good lines, two blank and three bad ones. */
export function sampleReport(changes: Partial<Report> = {}): Report {
  const histogram = new CountHistogram();
  for (const count of COUNTS) histogram.add(count);
  return {
    where: 'out',
    version: '1.2.3',
    madeAt: '2025-12-01T00:00:01.000Z',
    verdict: { kind: 'succeeded' },
    runId: 'run-1',
    startedAt: '2025-12-01T00:00:00.000Z',
    elapsedMs: 1000,
    inputs: { count: 1, bytes: 5000, listed: [{ name: 'logs/a.jsonl', size: 5000, compression: 'none' }] },
    bytesRead: 5000,
    records: {
      lines: 105,
      ok: 100,
      blank: 2,
      bad: 3,
      badByReason: { ...EMPTY_TALLY.badByReason, malformed_json: 2, missing_url: 1 },
    },
    counts: { unique: COUNTS.length, total: 100 },
    partitions: [
      { partition: 0, unique: 3, total: 95, bytes: 100 },
      { partition: 2, unique: 2, total: 5, bytes: 70 },
    ],
    urls: COUNTS.map((count, at) => ({ url: `https://a.example/${at}`, count, length: 19 })),
    concentration: histogram.concentration(),
    rejects: {
      listed: 3,
      samples: [
        { source: 'logs/a.jsonl', offset: 1234, length: 9, reason: 'malformed_json', snippet: '{"url":' },
      ],
      directory: 'out/rejects',
    },
    tasks: {
      rows: [
        row({ stage: 'Plan', startedMs: 50, endedMs: 60 }),
        row({ stage: 'MapSplit', startedMs: 60, endedMs: 500, bytesRead: 5000 }),
        row({ stage: 'Group', startedMs: 500 }),
        row({ stage: 'ReducePartition', startedMs: 600, endedMs: 700 }),
        row({ stage: 'ReducePartition', number: 2, worker: 1, startedMs: 600, endedMs: 650 }),
        row({ stage: 'Commit', startedMs: 900, endedMs: 950 }),
      ],
      running: [],
      elapsedMs: 1000,
      throughput: { binMs: 100, bytes: [1000, 4000] },
    },
    cost: null,
    configuration: { numBuckets: 4, urlField: 'url', maxBadRecords: 5, maxBadRatio: null },
    environment: { version: '1.2.3', node: '24.0.0', platform: 'linux x64', engine: 'wasm', workers: 2 },
    ...changes,
  };
}
