import type { Scratch } from '@mapreduce/shared-utils';
import { ByteRate, type ByteRateBins } from './byte-rate';

/** What one attempt at a task took; it crosses threads. */
export interface TaskMeasurement {
  /** On the clock that all threads share, in milliseconds. */
  readonly startedMs: number;
  readonly endedMs: number;
  readonly bytesRead: number;
  readonly spills: number;
  readonly spilledBytes: number;
  readonly reads: ByteRateBins;
}

/** Of all threads, to less than a millisecond. */
export function sharedClockMs(): number {
  return performance.timeOrigin + performance.now();
}

/** Measures one attempt at a task, from when it is made. */
export class TaskMeter {
  readonly #startedMs = sharedClockMs();
  readonly #reads = new ByteRate();
  #bytesRead = 0;
  #spills = 0;
  #spilledBytes = 0;

  onBytesRead(bytes: number): void {
    this.#bytesRead += bytes;
    this.#reads.add(sharedClockMs() - this.#startedMs, bytes);
  }

  /** The same scratch space, with a count of what is put there. */
  watch(scratch: Scratch): Scratch {
    return {
      createFile: async () => {
        const file = await scratch.createFile();
        this.#spills++;
        return {
          append: (bytes) => {
            this.#spilledBytes += bytes.length;
            return file.append(bytes);
          },
          read: (buffer, position) => file.read(buffer, position),
          close: () => file.close(),
        };
      },
    };
  }

  measure(): TaskMeasurement {
    return {
      startedMs: this.#startedMs,
      endedMs: sharedClockMs(),
      bytesRead: this.#bytesRead,
      spills: this.#spills,
      spilledBytes: this.#spilledBytes,
      reads: { binMs: this.#reads.binMs, bytes: this.#reads.bytes },
    };
  }
}
