import * as fc from 'fast-check';
import {
  addTallies,
  brokenLimit,
  EMPTY_TALLY,
  imbalances,
  REJECT_REASONS,
  type RecordTally,
} from '../../src';

function tallyOf({ ok = 0, blank = 0, bad = 0 }): RecordTally {
  const badByReason = { ...EMPTY_TALLY.badByReason, malformed_json: bad };
  return { lines: ok + blank + bad, ok, blank, bad, badByReason };
}

const anyTally = fc
  .record({ ok: fc.nat(), blank: fc.nat(), reasons: fc.tuple(...REJECT_REASONS.map(() => fc.nat(1000))) })
  .map(({ ok, blank, reasons }): RecordTally => {
    const bad = reasons.reduce((sum, count) => sum + count, 0);
    const badByReason = { ...EMPTY_TALLY.badByReason };
    for (const [index, reason] of REJECT_REASONS.entries()) badByReason[reason] = reasons[index] ?? 0;
    return { lines: ok + blank + bad, ok, blank, bad, badByReason };
  });

describe('the error budget', () => {
  const none = null;
  it.each([
    { what: 'none given, no bad line', bad: 0, lines: 10, records: none, ratio: none, broken: null },
    {
      what: 'none given, one bad line',
      bad: 1,
      lines: 10,
      records: none,
      ratio: none,
      broken: 'max_bad_records 0',
    },
    { what: 'as many bad lines as allowed', bad: 3, lines: 10, records: 3, ratio: none, broken: null },
    { what: 'one bad line more', bad: 4, lines: 10, records: 3, ratio: none, broken: 'max_bad_records 3' },
    { what: 'exactly the ratio', bad: 1, lines: 10, records: none, ratio: 0.1, broken: null },
    {
      what: 'more than the ratio',
      bad: 2,
      lines: 10,
      records: none,
      ratio: 0.1,
      broken: 'max_bad_ratio 0.1',
    },
    { what: 'a ratio that no double holds', bad: 29, lines: 100, records: none, ratio: 0.29, broken: null },
    {
      what: 'one line over that',
      bad: 30,
      lines: 100,
      records: none,
      ratio: 0.29,
      broken: 'max_bad_ratio 0.29',
    },
    { what: 'the ratio of no lines', bad: 0, lines: 0, records: none, ratio: 0, broken: null },
    { what: 'no lines and no budget', bad: 0, lines: 0, records: none, ratio: none, broken: null },
    { what: 'all bad with ratio 1', bad: 10, lines: 10, records: none, ratio: 1, broken: null },
    { what: 'both given and kept', bad: 1, lines: 10, records: 1, ratio: 0.1, broken: null },
    {
      what: 'both given, records broken',
      bad: 2,
      lines: 100,
      records: 1,
      ratio: 0.1,
      broken: 'max_bad_records 1',
    },
    {
      what: 'both given, ratio broken',
      bad: 2,
      lines: 10,
      records: 5,
      ratio: 0.1,
      broken: 'max_bad_ratio 0.1',
    },
  ])('with $what: $broken', ({ bad, lines, records, ratio, broken }) => {
    const tally = tallyOf({ ok: lines - bad, bad });
    expect(brokenLimit(tally, { maxBadRecords: records, maxBadRatio: ratio })).toBe(broken);
  });
});

describe('adding tallies', () => {
  it('has the empty tally as identity', () => {
    fc.assert(fc.property(anyTally, (a) => expect(addTallies(a, EMPTY_TALLY)).toEqual(a)));
  });

  it('is commutative and associative', () => {
    fc.assert(
      fc.property(anyTally, anyTally, anyTally, (a, b, c) => {
        expect(addTallies(a, b)).toEqual(addTallies(b, a));
        expect(addTallies(addTallies(a, b), c)).toEqual(addTallies(a, addTallies(b, c)));
      }),
    );
  });

  it('leaves both as they were', () => {
    const a = Object.freeze(tallyOf({ ok: 1, bad: 2 }));
    expect(addTallies(a, a).badByReason.malformed_json).toBe(4);
    expect(a.badByReason.malformed_json).toBe(2);
    expect(EMPTY_TALLY.badByReason.malformed_json).toBe(0);
  });
});

describe('the ledger', () => {
  const balanced = {
    plannedBytes: 100,
    bytesRead: 100,
    records: tallyOf({ ok: 5, blank: 2, bad: 1 }),
    countedTotal: 5,
  };

  it('of a correct run has no imbalance', () => {
    expect(imbalances(balanced)).toEqual([]);
  });

  it.each([
    { what: 'bytes read', change: { bytesRead: 99 }, expected: 100, actual: 99 },
    { what: 'sum of counts', change: { countedTotal: 6 }, expected: 5, actual: 6 },
    {
      what: 'ok + blank + bad lines',
      change: { records: { ...balanced.records, lines: 9 } },
      expected: 9,
      actual: 8,
    },
    {
      what: 'bad lines by reason',
      change: { records: { ...balanced.records, badByReason: EMPTY_TALLY.badByReason } },
      expected: 1,
      actual: 0,
    },
  ])('names an imbalance of $what', ({ what, change, expected, actual }) => {
    expect(imbalances({ ...balanced, ...change })).toEqual([{ what, expected, actual }]);
  });

  it('of any tally that was added up balances', () => {
    fc.assert(
      fc.property(fc.array(anyTally), fc.nat(), (tallies, bytes) => {
        const records = tallies.reduce(addTallies, EMPTY_TALLY);
        const run = { plannedBytes: bytes, bytesRead: bytes, records, countedTotal: records.ok };
        expect(imbalances(run)).toEqual([]);
      }),
    );
  });
});
