import { setImmediate } from 'node:timers/promises';
import type { S3Time } from '../../src/io/s3-retry';

/** Time that passes when a test says so. A pause takes none of it. */
export interface ManualTime extends S3Time {
  /** Every pause so far, in ms. */
  readonly pauses: readonly number[];
  /** Lets time pass, and rings every timer that is due then. */
  advance(ms: number): void;
}

export function createManualTime(): ManualTime {
  const pauses: number[] = [];
  const timers = new Set<{ readonly due: number; readonly ring: () => void }>();
  let now = 0;
  return {
    pauses,
    random: () => 1,
    async pause(ms, signal) {
      pauses.push(ms);
      await setImmediate(undefined, signal && { signal });
    },
    setTimer(ms, ring) {
      const timer = { due: now + ms, ring };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(ms) {
      now += ms;
      for (const timer of [...timers].filter(({ due }) => due <= now)) {
        timers.delete(timer);
        timer.ring();
      }
    },
  };
}
