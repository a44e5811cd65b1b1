import type { StageOutcome, StageTask } from './stage-task';

/** Where tasks are done. */
export interface Lane {
  /** How many tasks it may be given ahead of time, so that it never waits for the next. */
  readonly ahead: number;
  run(task: StageTask): Promise<StageOutcome>;
  /** Ends what is being done, and resolves when it has ended. */
  close(): Promise<void>;
}
