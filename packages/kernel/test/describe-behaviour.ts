import { EMPTY_TALLY, type RecordTally, type RejectReason } from '@mapreduce/shared-utils';
import {
  type Counted,
  type CountSettings,
  countLines,
  createCounter,
  cutAt,
  cutEvery,
  kernels,
  readOutput,
} from './count-lines';

type Bad = readonly [reason: RejectReason, offset: number, length: number];

/** One line of the tables in behaviour.md. */
export interface BehaviourRow extends CountSettings {
  readonly id: string;
  readonly what: string;
  readonly input: string | Uint8Array;
  readonly counts?: readonly (readonly [url: string, count: number])[];
  readonly blank?: number;
  readonly bad?: readonly Bad[];
}

const HEAD_BYTES = 800;

/** An engine makes room for its longest line, and each row makes a hundred counters. */
const SMALL = { maxLineBytes: 64 * 1024 };

/** Reads each row whole, a byte at a time, and cut in two at every offset. */
export function describeBehaviour(title: string, rows: readonly BehaviourRow[]): void {
  describe.each(kernels)(`${title} in the $name kernel`, (kernel) => {
    it.each(rows.map((row) => ({ ...SMALL, ...row, name: `${row.id} ${row.what}` })))('$name', (row) => {
      const bytes = Buffer.from(row.input);
      const expected = expectationOf(row, bytes);
      expect(comparable(countLines(kernel, [bytes], row))).toEqual(expected);
      expect(comparable(countLines(kernel, cutEvery(bytes, 1), row))).toEqual(expected);
      for (let cut = 0; cut <= bytes.length; cut++) {
        const counted = comparable(countLines(kernel, cutAt(bytes, cut), row));
        // Named, so that a failure tells where the cut was.
        expect({ cut, ...counted }).toEqual({ cut, ...expected });
      }
      expect(readOutput(kernel, emitOf(row, bytes))).toEqual(expected.counts);
    });

    function emitOf({ begin = 0, ...settings }: BehaviourRow, bytes: Uint8Array) {
      const counter = createCounter(kernel, [], settings);
      counter.begin(begin);
      counter.push(bytes);
      counter.end();
      return counter.emit().partitions;
    }
  });
}

function expectationOf({ counts = [], blank = 0, bad = [], begin = 0 }: BehaviourRow, bytes: Buffer) {
  const ok = counts.reduce((sum, [, count]) => sum + count, 0);
  const badByReason = { ...EMPTY_TALLY.badByReason };
  for (const [reason] of bad) badByReason[reason]++;
  const tally: RecordTally = { lines: ok + blank + bad.length, ok, blank, bad: bad.length, badByReason };
  const rejects = bad.map(([reason, offset, length]) => {
    const line = bytes.subarray(offset - begin, offset - begin + length);
    const isMarked = offset === 0 && line.toString('hex', 0, 3) === 'efbbbf';
    const head = line.subarray(isMarked ? 3 : 0).subarray(0, HEAD_BYTES);
    return { reason, offset, length, head: head.toString('hex') };
  });
  return { counts: new Map(counts), tally, rejects };
}

function comparable({ counts, tally, rejects }: Counted) {
  return {
    counts,
    tally,
    rejects: rejects.map((line) => ({ ...line, head: Buffer.from(line.head).toString('hex') })),
  };
}
