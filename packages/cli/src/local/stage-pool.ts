import type { StageConfig } from '@mapreduce/shared-utils';
import { Piscina } from 'piscina';
import type { StageOutcome, StageTask, StageWorkerData } from './stage-worker';
import type { TaskState } from './stages';

export interface StagePoolOptions {
  readonly workers: number;
  readonly config: StageConfig;
  readonly roots: ReadonlyMap<string, string>;
}

/** The five handlers on worker threads, which share nothing but the directories they work in. */
export class StagePool {
  readonly #pool: Piscina<StageTask, StageOutcome>;
  readonly #bytesRead = new BigInt64Array(new SharedArrayBuffer(8));

  constructor({ workers, config, roots }: StagePoolOptions) {
    const workerData: StageWorkerData = { config, roots, bytesRead: this.#bytesRead };
    this.#pool = new Piscina({
      filename: new URL('./stage-worker.mjs', import.meta.url).href,
      name: 'runStage',
      // All at once and to the end: a thread takes longer to start than a small task takes to run.
      minThreads: workers,
      maxThreads: workers,
      workerData,
    });
    // What a worker still says after `destroy` comes as this event, and would end the process unheard.
    this.#pool.on('error', () => undefined);
  }

  /** Input bytes read so far, by all workers. */
  get bytesRead(): number {
    return Number(Atomics.load(this.#bytesRead, 0));
  }

  /** @throws an error with the name and message of the one that the stage threw */
  async run(state: TaskState, event: unknown): Promise<unknown> {
    const outcome = await this.#pool.run({ state, event });
    if (outcome.kind === 'done') return outcome.result;
    const { name, message, stack } = outcome;
    throw Object.assign(new Error(message), { name, stack });
  }

  async destroy(): Promise<void> {
    await this.#pool.destroy();
  }
}
