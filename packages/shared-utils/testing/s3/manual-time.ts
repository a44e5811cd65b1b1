import { setImmediate } from 'node:timers/promises';
import type { S3Time } from '../../src/io/s3-retry';

/** Time that passes when a test says so: pauses take none, and timers ring when they are told to. */
export interface ManualTime extends S3Time {
  /** Every pause so far, in ms. */
  readonly pauses: readonly number[];
  /** Rings every timer that is set. */
  ringTimers(): void;
}

export function createManualTime(random: () => number = () => 1): ManualTime {
  const pauses: number[] = [];
  const timers = new Set<() => void>();
  return {
    pauses,
    random,
    async pause(ms, signal) {
      pauses.push(ms);
      await setImmediate(undefined, signal && { signal });
    },
    setTimer(_, ring) {
      // A function of its own, so that two timers may ring the same.
      const timer = () => ring();
      timers.add(timer);
      return () => timers.delete(timer);
    },
    ringTimers() {
      const due = [...timers];
      timers.clear();
      for (const ring of due) ring();
    },
  };
}
