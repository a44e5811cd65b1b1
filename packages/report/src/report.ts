import type {
  Compression,
  RecordTally,
  Reject,
  RunConfiguration,
  Timeline,
  TimelineRow,
} from '@mapreduce/shared-utils';
import type { Concentration } from './count-histogram';

/** Everything that a page shows. What is not known is null, and the page says so. */
export interface Report {
  /** The output directory, as the user named it. */
  readonly where: string;
  /** Of the program that makes the page, and when. */
  readonly version: string;
  readonly madeAt: string;
  readonly verdict: Verdict;
  readonly runId: string | null;
  readonly startedAt: string | null;
  readonly elapsedMs: number | null;
  readonly inputs: Inputs;
  readonly bytesRead: number;
  readonly records: RecordTally;
  /** Null until all partitions are reduced. */
  readonly counts: { readonly unique: number; readonly total: number } | null;
  readonly partitions: readonly PartitionSize[];
  /** The most frequent ones, by rank; null where there is no output. */
  readonly urls: readonly ReportedUrl[] | null;
  readonly concentration: Concentration | null;
  readonly rejects: Rejects;
  readonly tasks: Tasks | null;
  /** What the run cost; null where nothing was predicted or measured. */
  readonly cost: Cost | null;
  readonly configuration: Partial<RunConfiguration> & { readonly hashVersion?: string };
  readonly environment: Timeline['environment'] | null;
}

export type Verdict =
  | {
      readonly kind: 'running';
      /** What it does, in words. */
      readonly state: string;
      /** Of splits that are not finished too. */
      readonly bytesRead: number;
      readonly totalBytes: number;
    }
  | { readonly kind: 'succeeded' }
  | { readonly kind: 'failed'; readonly name: string; readonly message: string }
  | { readonly kind: 'interrupted' };

export interface Inputs {
  readonly count: number;
  readonly bytes: number;
  /** Of all of them, or of the largest. */
  readonly listed: readonly {
    readonly name: string;
    readonly size: number;
    readonly compression: Compression | null;
  }[];
}

export interface PartitionSize {
  readonly partition: number;
  readonly unique: number;
  readonly total: number;
  /** Of its file; null where that was not looked at. */
  readonly bytes: number | null;
}

/** A URL, or its beginning. */
export interface ReportedUrl {
  readonly url: string;
  readonly count: number;
  /** In UTF-16 code units, of the whole URL. */
  readonly length: number;
}

interface Rejects {
  /** How many of the bad lines the output lists. */
  readonly listed: number;
  /** The first of each reason, as far as was looked. */
  readonly samples: readonly Reject[];
  /** Where all of them are; null where nothing is listed. */
  readonly directory: string | null;
}

export interface Tasks {
  readonly rows: readonly TimelineRow[];
  readonly running: readonly RunningTask[];
  readonly elapsedMs: number;
  readonly throughput: { readonly binMs: number; readonly bytes: readonly number[] };
}

export type RunningTask = Pick<TimelineRow, 'stage' | 'number' | 'worker' | 'startedMs'>;

export interface Cost {
  readonly currency: string;
  readonly predicted: number | null;
  readonly actual: number | null;
}
