import type { StageConfig } from './config';
import type { ObjectStore } from './object-store';
import type { Scratch } from './scratch';

/** One structured event a call; never a URL at `info` or above. */
export interface Log {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** What an invocation has done, added up over its reports. */
export interface WorkDone {
  readonly splits?: number;
  readonly lines?: number;
  readonly bytes?: number;
  readonly badRecords?: number;
  /** Full tables that were written out before the end of the input. */
  readonly spills?: number;
  readonly partitions?: number;
  readonly urls?: number;
}

/** Everything a stage needs from outside; the composition root (Lambda or CLI) makes it once. */
export interface StageDeps {
  readonly store: ObjectStore;
  readonly scratch: Scratch;
  readonly config: StageConfig;
  readonly log: Log;
  readonly now: () => Date;
  /** A name that no other attempt has. */
  readonly newAttemptId: () => string;
  /** Told about input bytes as they are read, for progress. */
  readonly onBytesRead?: (bytes: number) => void;
  /** Told what was done, for metrics; not what another attempt had done already. */
  readonly onWorkDone?: (work: WorkDone) => void;
}
