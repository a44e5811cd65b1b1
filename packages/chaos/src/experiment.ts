import { createRandom, type Random } from './random';

export const SCALES = ['short', 'middle', 'full'] as const;

/** `short` runs with the tests, `middle` with the gate, `full` before a release. */
export type Scale = (typeof SCALES)[number];

/** What an experiment measured, in the order in which it is shown. */
export type Figures = Readonly<Record<string, number | string>>;

export interface ExperimentOptions {
  readonly seed: number;
  readonly scale: Scale;
}

/** Does something hostile to the pipeline again and again, and holds it to a promise. */
export interface Experiment {
  readonly name: string;
  /** What is promised. */
  readonly promise: string;
  /** Against what. */
  readonly faults: string;
  /** @throws Finding where the promise was broken */
  run(options: ExperimentOptions): Promise<Figures>;
}

/** A broken promise: what was found, and how to find it again. */
export class Finding extends Error {
  override readonly name = 'Finding';

  constructor(
    readonly seed: number,
    readonly step: string,
    what: string,
    options?: ErrorOptions,
  ) {
    super(`seed ${seed}: ${step}: ${what}`, options);
  }
}

/** Runs one step; whatever it throws becomes a finding that names the step. */
export async function inStep<Result>(
  seed: number,
  step: string,
  act: () => Promise<Result>,
): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof Finding) throw error;
    throw new Finding(seed, step, error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** The choices of one experiment: the same for its name and the seed, whatever else is run. */
export function randomOf({ seed }: ExperimentOptions, experiment: string): Random {
  return createRandom(`${seed}/${experiment}`);
}

/** A check that fails with a message like the pipeline's own. */
export function expectThat(holds: boolean, message: () => string): void {
  if (!holds) throw new Error(message());
}
