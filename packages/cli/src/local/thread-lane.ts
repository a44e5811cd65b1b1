import { Worker } from 'node:worker_threads';
import type { Lane } from './stage-lane';
import type { StageOutcome, StageSetup, StageTask } from './stage-task';

interface Waiting {
  resolve(outcome: StageOutcome): void;
  reject(error: Error): void;
}

/** Begins to start when it is made, and may be given its setup and tasks at once. */
export class ThreadLane implements Lane {
  readonly ahead = 1;
  readonly #worker = new Worker(new URL('./stage-worker.mjs', import.meta.url));
  readonly #waiting: Waiting[] = [];
  #failure: Error | null = null;

  constructor() {
    this.#worker.on('message', (outcome: StageOutcome) => this.#waiting.shift()?.resolve(outcome));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', (code) =>
      this.#fail(new Error(`a worker thread ended early (exit code ${code})`)),
    );
  }

  setUp(setup: StageSetup): void {
    this.#worker.postMessage(setup);
  }

  run(task: StageTask): Promise<StageOutcome> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) return reject(this.#failure);
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(task);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }
}
