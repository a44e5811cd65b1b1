import { MAX_TIMELINE_ROWS, type TimelineRow } from '@mapreduce/shared-utils';
import { RunRecorder } from '../../src/local/run-recorder';
import type { StageOutcome } from '../../src/local/stage-task';
import { TaskMeter } from '../../src/local/task-meter';

const ORIGIN_MS = 1_000_000;

const outcome = (
  kind: 'done' | 'failed',
  startedMs: number,
  endedMs: number,
  bytesRead = 0,
): StageOutcome => ({
  ...(kind === 'done' ? { kind, result: null } : { kind, name: 'Error', message: 'torn', stack: '' }),
  measured: {
    startedMs: ORIGIN_MS + startedMs,
    endedMs: ORIGIN_MS + endedMs,
    bytesRead,
    spills: 0,
    spilledBytes: 0,
    reads: { binMs: 10, bytes: [bytesRead] },
  },
});

describe('a recorder', () => {
  it('tells a retry from a first attempt, and a failure from success', () => {
    const recorder = new RunRecorder(ORIGIN_MS);
    const split = { state: 'MapSplit', event: { run_id: 'r', split: 3 } } as const;
    recorder.end(recorder.begin(split, 0), outcome('failed', 5, 7));
    recorder.end(recorder.begin(split, 1), outcome('done', 10, 30, 500));
    const { rows, throughput } = recorder.timeline();
    expect(rows).toMatchObject<Partial<TimelineRow>[]>([
      { stage: 'MapSplit', number: 3, worker: 0, retries: 0, failures: 1, startedMs: 5, endedMs: 7 },
      { stage: 'MapSplit', number: 3, worker: 1, retries: 1, failures: 0, longestMs: 20, bytesRead: 500 },
    ]);
    expect(throughput).toEqual({ binMs: 10, bytes: [0, 500] });
  });

  it('knows what is running, and counts a lost thread as a failure', () => {
    const recorder = new RunRecorder(ORIGIN_MS);
    const attempt = recorder.begin({ state: 'ReducePartition', event: { partition: 9 } }, 1);
    expect([...recorder.running]).toEqual([attempt]);
    recorder.end(attempt, null);
    expect([...recorder.running]).toEqual([]);
    expect(recorder.timeline().rows).toMatchObject([{ number: 9, failures: 1, bytesRead: 0 }]);
  });

  it('keeps few rows of many tasks, and none of their sums is lost', () => {
    const recorder = new RunRecorder(ORIGIN_MS);
    const tasks = 5 * MAX_TIMELINE_ROWS;
    for (let split = 0; split < tasks; split++) {
      const attempt = recorder.begin({ state: 'MapSplit', event: { split } }, split % 2);
      recorder.end(attempt, outcome('done', split, split + 1, 100));
    }
    const { rows } = recorder.timeline();
    expect(rows.length).toBeLessThanOrEqual(MAX_TIMELINE_ROWS);
    expect(rows.reduce((sum, row) => sum + row.attempts, 0)).toBe(tasks);
    expect(rows.reduce((sum, row) => sum + row.bytesRead, 0)).toBe(100 * tasks);
  });
});

describe('a meter', () => {
  it('counts the files that a task spills, and their bytes', async () => {
    const meter = new TaskMeter();
    const appended: number[] = [];
    const scratch = meter.watch({
      createFile: async () => ({
        append: async (bytes) => {
          appended.push(bytes.length);
        },
        read: async () => 0,
        close: async () => undefined,
      }),
    });
    const [first, second] = [await scratch.createFile(), await scratch.createFile()];
    await first.append(new Uint8Array(10));
    await second.append(new Uint8Array(5));
    meter.onBytesRead(7);
    expect(appended).toEqual([10, 5]);
    expect(meter.measure()).toMatchObject({ spills: 2, spilledBytes: 15, bytesRead: 7 });
  });
});
