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
}
