/** Why a line was not counted. The strings are on the wire: in rejects, commit records and the manifest. */
export const REJECT_REASONS = [
  'malformed_json',
  'invalid_utf8',
  'not_object',
  'missing_url',
  'url_not_string',
  'line_too_long',
] as const;

export type RejectReason = (typeof REJECT_REASONS)[number];

/** What became of the lines that were read; `ok + blank + bad = lines` always. */
export interface RecordTally {
  readonly lines: number;
  readonly ok: number;
  readonly blank: number;
  readonly bad: number;
  readonly badByReason: Readonly<Record<RejectReason, number>>;
}

export const EMPTY_TALLY: RecordTally = {
  lines: 0,
  ok: 0,
  blank: 0,
  bad: 0,
  badByReason: {
    malformed_json: 0,
    invalid_utf8: 0,
    not_object: 0,
    missing_url: 0,
    url_not_string: 0,
    line_too_long: 0,
  },
};

/** The tally that these outcomes sum to. */
export function createTally(ok: number, blank: number, badByReason: RecordTally['badByReason']): RecordTally {
  const bad = sumOfReasons(badByReason);
  return { lines: ok + blank + bad, ok, blank, bad, badByReason: { ...badByReason } };
}

function sumOfReasons(badByReason: RecordTally['badByReason']): number {
  return REJECT_REASONS.reduce((sum, reason) => sum + badByReason[reason], 0);
}

export function addTallies(a: RecordTally, b: RecordTally): RecordTally {
  const badByReason = { ...a.badByReason };
  for (const reason of REJECT_REASONS) badByReason[reason] += b.badByReason[reason];
  return {
    lines: a.lines + b.lines,
    ok: a.ok + b.ok,
    blank: a.blank + b.blank,
    bad: a.bad + b.bad,
    badByReason,
  };
}

/** How many bad lines a run may have. Neither limit set means none; with both set, both must hold. */
export interface ErrorBudget {
  readonly maxBadRecords: number | null;
  readonly maxBadRatio: number | null;
}

/** The limit that the tally breaks, as text for a message, or null when it is within the budget. */
export function brokenLimit(tally: RecordTally, budget: ErrorBudget): string | null {
  const { maxBadRecords, maxBadRatio } = budget;
  // Divided, not multiplied: 29 / 100 is the double that 0.29 is read as, 0.29 * 100 is less than 29.
  if (maxBadRatio !== null && tally.bad / tally.lines > maxBadRatio) return `max_bad_ratio ${maxBadRatio}`;
  const limit = maxBadRecords ?? (maxBadRatio === null ? 0 : Number.POSITIVE_INFINITY);
  return tally.bad > limit ? `max_bad_records ${limit}` : null;
}

export interface LedgerEntry {
  readonly what: string;
  readonly expected: number;
  readonly actual: number;
}

/** The equations that a finished run must satisfy; those that do not hold are returned. */
export function imbalances(run: {
  readonly plannedBytes: number;
  readonly bytesRead: number;
  readonly records: RecordTally;
  readonly countedTotal: number;
}): LedgerEntry[] {
  const { records } = run;
  return [
    { what: 'bytes read', expected: run.plannedBytes, actual: run.bytesRead },
    {
      what: 'ok + blank + bad lines',
      expected: records.lines,
      actual: records.ok + records.blank + records.bad,
    },
    { what: 'bad lines by reason', expected: records.bad, actual: sumOfReasons(records.badByReason) },
    { what: 'sum of counts', expected: records.ok, actual: run.countedTotal },
  ].filter((entry) => entry.expected !== entry.actual);
}
