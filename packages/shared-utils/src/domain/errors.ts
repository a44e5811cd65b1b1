/**
 * Every error the pipeline throws on purpose. The Lambda runtime reports `name` as `errorType` and the
 * state machines match that string, so names are literals: bundles are minified. Whether a name is
 * retried is decided in the ASL; `isRetryable` says what the ASL must agree with.
 *
 * Messages read `<where>: expected <what>, got <what>; <what to do next>`.
 */
abstract class PipelineError extends Error {
  abstract override readonly name: string;
  readonly isRetryable: boolean = false;
}

/** The execution input, an event, a setting or an argument does not have the required shape. */
export class InvalidInputError extends PipelineError {
  override readonly name = 'InvalidInputError';
}

/** An object does not exist, as its store says for certain; locally also one that may not be read. */
export class InputNotFoundError extends PipelineError {
  override readonly name = 'InputNotFoundError';
}

/** An input object is not the one that was planned: it was overwritten, grown, cut or deleted since. */
export class InputChangedError extends PipelineError {
  override readonly name = 'InputChangedError';
}

/** An input cannot be JSONL for us: another compression, UTF-16, a directory, a pipe. */
export class UnsupportedInputError extends PipelineError {
  override readonly name = 'UnsupportedInputError';
}

/** A compressed input is cut short, fails its checksum, or inflates past the configured limit. */
export class CorruptInputError extends PipelineError {
  override readonly name = 'CorruptInputError';
}

/** The run needs more than the state machine that was asked for it can hold or finish in time. */
export class PlanLimitError extends PipelineError {
  override readonly name = 'PlanLimitError';
}

/** An object of this run is missing, corrupt, or written under another plan, format or hash. */
export class CorruptRunError extends PipelineError {
  override readonly name = 'CorruptRunError';
}

/** Bytes, lines or counts do not add up. */
export class LedgerImbalanceError extends PipelineError {
  override readonly name = 'LedgerImbalanceError';
}

/** More bad lines than `max_bad_records` or `max_bad_ratio` allow. */
export class ErrorBudgetExceededError extends PipelineError {
  override readonly name = 'ErrorBudgetExceededError';
}

/** The output place already holds something that this run may not replace. */
export class OutputExistsError extends PipelineError {
  override readonly name = 'OutputExistsError';
}

/**
 * Credentials, permissions, bucket or region are wrong. Says nothing of whether an object exists, so it must
 * never be read as: none there.
 */
export class StoreAccessError extends PipelineError {
  override readonly name = 'StoreAccessError';
}

/** The local disk has no room for what does not fit in memory, or cannot be written. */
export class ScratchSpaceError extends PipelineError {
  override readonly name = 'ScratchSpaceError';
}

/** The object store did not answer properly, however often it was asked; the same call may succeed later. */
export class StoreUnavailableError extends PipelineError {
  override readonly name = 'StoreUnavailableError';
  override readonly isRetryable = true;
}

/** Every error class, so that a test can hold the state machines to the whole set. */
export const pipelineErrors = [
  InvalidInputError,
  InputNotFoundError,
  InputChangedError,
  UnsupportedInputError,
  CorruptInputError,
  PlanLimitError,
  CorruptRunError,
  LedgerImbalanceError,
  ErrorBudgetExceededError,
  OutputExistsError,
  StoreAccessError,
  ScratchSpaceError,
  StoreUnavailableError,
] as const;

export function isPipelineError(error: unknown): error is PipelineError {
  return error instanceof PipelineError;
}
