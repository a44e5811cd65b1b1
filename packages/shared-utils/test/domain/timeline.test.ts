import fc from 'fast-check';
import {
  condenseRows,
  formatDocument,
  MAX_TIMELINE_ROWS,
  parseTimeline,
  TASK_STAGES,
  type Timeline,
  type TimelineRow,
} from '../../src';

const row: fc.Arbitrary<TimelineRow> = fc
  .record({
    stage: fc.constantFrom(...TASK_STAGES),
    number: fc.nat(1000),
    retries: fc.nat(1),
    failures: fc.nat(1),
    worker: fc.nat(3),
    startedMs: fc.nat(10_000),
    longestMs: fc.nat(500),
    bytesRead: fc.nat(),
    spills: fc.nat(5),
    spilledBytes: fc.nat(),
  })
  .map((fields) => ({
    ...fields,
    attempts: 1,
    busyMs: fields.longestMs,
    endedMs: fields.startedMs + fields.longestMs,
  }));

const sums = (rows: readonly TimelineRow[]) =>
  Object.fromEntries(
    (['attempts', 'retries', 'failures', 'busyMs', 'bytesRead', 'spills', 'spilledBytes'] as const).map(
      (field) => [field, rows.reduce((sum, each) => sum + each[field], 0)],
    ),
  );

const spans = (rows: readonly TimelineRow[]) =>
  [...Map.groupBy(rows, ({ stage, worker }) => `${stage} ${worker}`)]
    .map(([lane, group]) => ({
      lane,
      from: Math.min(...group.map(({ startedMs }) => startedMs)),
      to: Math.max(...group.map(({ endedMs }) => endedMs)),
      longest: Math.max(...group.map(({ longestMs }) => longestMs)),
    }))
    .sort((a, b) => (a.lane < b.lane ? -1 : 1));

const timeline: Timeline = {
  version: 1,
  runId: 'run',
  environment: { version: '0.1.0', node: '24.0.0', platform: 'linux x64', engine: 'wasm', workers: 2 },
  startedAt: '2025-12-01T00:00:00.000Z',
  elapsedMs: 12.5,
  rows: [],
  throughput: { binMs: 10, bytes: [1, 2.5] },
};

describe('condensed rows', () => {
  it('are few, and keep sums, spans and the longest attempt of every stage on every worker', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 300 }), fc.integer({ min: 20, max: 100 }), (rows, maxRows) => {
        const condensed = condenseRows(rows, maxRows);
        expect(condensed.length).toBeLessThanOrEqual(maxRows);
        expect(sums(condensed)).toEqual(sums(rows));
        expect(spans(condensed)).toEqual(spans(rows));
      }),
    );
  });

  it('are the rows themselves where these are few enough', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 20 }), (rows) => {
        expect(condenseRows(rows, 20)).toEqual(rows);
      }),
    );
  });

  it('are one a stage and worker at least, however few are wanted', () => {
    const [each] = fc.sample(row, 1) as [TimelineRow];
    const rows = [0, 1, 2, 3].flatMap((worker) => [
      { ...each, worker },
      { ...each, worker },
    ]);
    expect(condenseRows(rows, 1)).toHaveLength(4);
  });
});

describe('a timeline', () => {
  it('is read as it was written', () => {
    expect(parseTimeline('timeline.json', formatDocument(timeline))).toEqual(timeline);
  });

  it.each<[string, object, string]>([
    ['another version', { ...timeline, version: 2 }, 'timeline.json: field version: expected 1, got 2'],
    ['an unknown field', { ...timeline, more: 1 }, 'timeline.json: field more: unknown field'],
    [
      'more rows than there may be',
      { ...timeline, rows: fc.sample(row, MAX_TIMELINE_ROWS + 1) },
      'timeline.json: field rows',
    ],
  ])('with %s is refused', (_, document, message) => {
    expect(() => parseTimeline('timeline.json', formatDocument(document))).toThrow(message);
  });
});
