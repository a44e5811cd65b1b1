import type { Lane } from './stage-lane';
import { createTaskRunner, type StageOutcome, type StageSetup, type StageTask } from './stage-task';

/** The thread that asks: it is there already, where another one takes 30 ms to start. */
export class OwnLane implements Lane {
  readonly ahead = 0;
  readonly #runTask: (task: StageTask) => Promise<StageOutcome>;
  #isClosed = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(setup: StageSetup) {
    this.#runTask = createTaskRunner(setup, () => {
      if (this.#isClosed) throw new Error('the run is over');
    });
  }

  run(task: StageTask): Promise<StageOutcome> {
    // First let through what the others have to say, and let them have their share.
    const outcome = new Promise((resolve) => setImmediate(resolve)).then(() => this.#runTask(task));
    this.#last = Promise.all([this.#last, outcome]);
    return outcome;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#last;
  }
}
