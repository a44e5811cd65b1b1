import type { StageConfig } from '@mapreduce/shared-utils';
import { OwnLane } from './own-lane';
import type { RunRecorder } from './run-recorder';
import type { Lane } from './stage-lane';
import type { StageOutcome, StageSetup, StageTask } from './stage-task';
import type { TaskState } from './stages';
import type { ThreadLane } from './thread-lane';

export interface StagePoolOptions {
  readonly threads: readonly ThreadLane[];
  readonly config: StageConfig;
  readonly roots: ReadonlyMap<string, string>;
  /** The directory for what one task cannot hold in memory. */
  readonly scratch: string;
  /** What a lane does at a time. */
  readonly tasksAtOnce: number;
  /** Told of every attempt as it begins and ends. */
  readonly recorder: RunRecorder;
}

interface QueuedTask {
  readonly task: StageTask;
  resolve(outcome: Promise<StageOutcome>): void;
}

/** The five handlers on this thread and on others, which share nothing but the directories they work in. */
export class StagePool {
  readonly #lanes: readonly { readonly lane: Lane; readonly worker: number; running: number }[];
  readonly #recorder: RunRecorder;
  readonly #tasksAtOnce: number;
  readonly #queue: QueuedTask[] = [];
  readonly #bytesRead = new BigInt64Array(new SharedArrayBuffer(8));

  constructor({ threads, recorder, ...options }: StagePoolOptions) {
    this.#recorder = recorder;
    const setup: StageSetup = { ...options, bytesRead: this.#bytesRead };
    this.#tasksAtOnce = options.tasksAtOnce;
    for (const thread of threads) thread.setUp(setup);
    this.#lanes = [new OwnLane(setup), ...threads].map((lane, worker) => ({ lane, worker, running: 0 }));
  }

  /** Input bytes read so far, by all threads. */
  get bytesRead(): number {
    return Number(Atomics.load(this.#bytesRead, 0));
  }

  /** @throws an error with the name and message of the one that the stage threw */
  async run(state: TaskState, event: unknown): Promise<unknown> {
    const outcome = await new Promise<StageOutcome>((resolve) => {
      this.#queue.push({ task: { state, event }, resolve });
      this.#dispatch();
    });
    if (outcome.kind === 'done') return outcome.result;
    const { name, message, stack } = outcome;
    throw Object.assign(new Error(message), { name, stack });
  }

  async destroy(): Promise<void> {
    await Promise.all(this.#lanes.map(({ lane }) => lane.close()));
  }

  #dispatch(): void {
    for (let free = this.#freest(); free !== undefined; free = this.#freest()) {
      const { task, resolve } = this.#queue.shift() as QueuedTask;
      const chosen = free;
      chosen.running++;
      const attempt = this.#recorder.begin(task, chosen.worker);
      const isOver = (outcome: StageOutcome | null) => {
        this.#recorder.end(attempt, outcome);
        chosen.running--;
        this.#dispatch();
      };
      const outcome = chosen.lane.run(task);
      outcome.then(isOver, () => isOver(null));
      resolve(outcome);
    }
  }

  /** Tasks are handed out ahead of time only while there are enough for all: the last ones go where there is room. */
  #freest() {
    if (this.#queue.length === 0) return undefined;
    const isAhead = this.#queue.length > this.#lanes.length;
    const limitOf = (lane: Lane) => Math.max(this.#tasksAtOnce, isAhead ? lane.ahead + 1 : 1);
    return this.#lanes
      .filter(({ lane, running }) => running < limitOf(lane))
      .sort((a, b) => a.running - b.running)[0];
  }
}
