import { setTimeout as delay } from 'node:timers/promises';
import { isPipelineError } from '../domain/errors';
import type { S3Connection, S3Settings } from './s3-connection';
import { type S3Call, toStoreError } from './s3-errors';

/**
 * Attempts at one request: the first, and those at the rest of a broken body, included. Nothing else repeats
 * one. The SDK's own retries are off: they end where a body begins, hide that a write was repeated, and draw
 * on a budget that an outage uses up for every request. Above these the state machine makes up to five
 * attempts at a stage.
 */
const MAX_ATTEMPTS = 8;

/** The longest pause before the second attempt. It doubles for each further one: at most 13 s in all. */
const FIRST_PAUSE_MS = 100;

/** Time and chance as the store sees them. */
export interface S3Time {
  /** @throws AbortError once the signal is aborted */
  pause(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `ring` once after `ms`; the function that it returns calls it off. */
  setTimer(ms: number, ring: () => void): () => void;
  /** From 0 to 1, as `Math.random`. */
  random(): number;
}

export const systemTime: S3Time = {
  pause: (ms, signal) => delay(ms, undefined, signal && { signal }),
  setTimer(ms, ring) {
    const timer = setTimeout(ring, ms);
    return () => clearTimeout(timer);
  },
  random: Math.random,
};

/** Repeats what may pass, after pauses of full jitter. @throws what the last attempt threw */
export async function attemptRepeatedly<Result>(
  attempt: (nth: number) => Promise<Result>,
  { time, onRetry }: Pick<S3Settings, 'time' | 'onRetry'>,
  signal?: AbortSignal,
): Promise<Result> {
  for (let nth = 1; ; nth++) {
    try {
      return await attempt(nth);
    } catch (error) {
      const mayPass = isPipelineError(error) && error.isRetryable && !signal?.aborted;
      if (!mayPass || nth === MAX_ATTEMPTS) throw error;
    }
    onRetry();
    await time.pause(FIRST_PAUSE_MS * 2 ** (nth - 1) * time.random(), signal);
  }
}

/** Sends one request as often as need be, each time under a deadline; its errors are those of the pipeline. */
export type S3Attempt = <Output>(
  send: (options: { readonly abortSignal: AbortSignal }, nth: number) => Promise<Output>,
) => Promise<Output>;

export function createAttempt({ settings }: S3Connection, call: S3Call): S3Attempt {
  return (send) =>
    attemptRepeatedly(async (nth) => {
      const deadline = new AbortController();
      const cancel = settings.time.setTimer(settings.requestTimeoutMs, () => deadline.abort());
      try {
        return await send({ abortSignal: deadline.signal }, nth);
      } catch (error) {
        throw toStoreError(error, call);
      } finally {
        cancel();
      }
    }, settings);
}
