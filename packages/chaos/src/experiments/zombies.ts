import { isDeepStrictEqual } from 'node:util';
import {
  type Experiment,
  type ExperimentOptions,
  expectThat,
  type Figures,
  inStep,
  randomOf,
} from '../experiment';
import { DONE } from '../fates';
import { interceptStore } from '../intercept';
import { createJob } from '../job';
import type { Random } from '../random';
import { type Bench, onBench } from '../reference';
import { type Conduct, executeJob, type Perform } from '../run';
import { readOutput, requireIdentical } from '../verdict';
import { inWorld, WORLD_KINDS, type World } from '../world';

/** Of the calls of the job, every how manyeth is one at which a task is given up; runs with many zombies. */
const SIZES = {
  short: { memory: { stride: 2, crowds: 10 }, directory: { stride: 20, crowds: 2 } },
  middle: { memory: { stride: 1, crowds: 60 }, directory: { stride: 5, crowds: 10 } },
  full: { memory: { stride: 1, crowds: 200 }, directory: { stride: 1, crowds: 50 } },
} as const;

/** In a crowd, how many of the first attempts are given up and go on. */
const ZOMBIE_SHARE = 0.4;

export const zombies: Experiment = {
  name: 'zombies',
  promise: 'the same bytes at the end of the run, and after the last zombie has come to rest',
  faults: 'attempts that the machine has given up go on: in the middle of the run, or when it is long over',
  async run(options) {
    const figures: Record<string, number | string> = {};
    for (const kind of WORLD_KINDS) {
      const job = createJob(randomOf(options, `zombies ${kind}`), {
        files: 2,
        linesPerFile: 12,
        urls: 6,
        splitBytes: 500,
        numBuckets: 3,
        engine: 'reference',
      });
      Object.assign(figures, await onBench(kind, job, (bench) => runWithZombies(options, bench)));
    }
    return figures;
  },
};

async function runWithZombies({ seed, scale }: ExperimentOptions, bench: Bench): Promise<Figures> {
  const { reference, worlds } = bench;
  const { stride, crowds } = SIZES[scale][worlds.kind];
  let single = 0;
  let arisen = 0;
  for (const task of reference.tasks) {
    for (let call = single % stride; call < (reference.callsOf.get(task) ?? 0); call += stride, single++) {
      const step = `zombies, ${worlds.kind}: ${task} is given up at call ${call} and goes on after the run`;
      const chosen = (each: string) => (each === task ? call : null);
      arisen += await inStep(seed, step, () => haunt(bench, chosen, null));
    }
  }
  for (let crowd = 0; crowd < crowds; crowd++) {
    const step = `zombies, ${worlds.kind} crowd ${crowd}`;
    const random = randomOf({ seed, scale }, step);
    const chosen = (task: string) => {
      const dice = random.fork(task);
      return dice.chance(ZOMBIE_SHARE) ? dice.below(reference.callsOf.get(task) ?? 1) : null;
    };
    arisen += await inStep(seed, step, () => haunt(bench, chosen, random));
  }
  return {
    [`${worlds.kind}: runs`]: single + crowds,
    [`${worlds.kind}: identical, then and later`]: single + crowds,
    [`${worlds.kind}: zombies`]: arisen,
  };
}

/** Returns how many there were. Without dice they wait for the end of the run. */
async function haunt(
  { job, worlds, reference }: Bench,
  callOf: (task: string) => number | null,
  random: Random | null,
): Promise<number> {
  return inWorld(worlds, async (world) => {
    const grave = createGrave(world);
    // Some calls later: zombies write between and after those that took their place.
    const scheduled = random === null ? Number.POSITIVE_INFINITY : random.below(2 * reference.calls.length);
    const conduct: Conduct = ({ task, number }, perform) => {
      const call = number === 0 ? callOf(task) : null;
      return call === null ? perform(grave.watched(scheduled)) : grave.giveUp(call, perform);
    };
    const report = await executeJob(job, { conduct });
    await requireIdentical(world.store, report, reference.output);
    await grave.open();
    await world.store.settled();
    const later = await readOutput(world.store);
    expectThat(
      isDeepStrictEqual(later, reference.output),
      () => 'expected zombies to change nothing, got another output',
    );
    return grave.count;
  });
}

/** Holds the attempts that were given up, and lets all of them go on at once. */
function createGrave({ store }: World) {
  const attempts: Promise<unknown>[] = [];
  let held = 0;
  let calls = 0;
  let release = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  return {
    get count() {
      return held;
    },
    async open() {
      release();
      await Promise.allSettled(attempts);
    },
    /** The store of the living, whose calls are counted: at that one the gate opens. */
    watched: (openAt: number) =>
      interceptStore(store, {
        decide: () => {
          if (calls++ === openAt) release();
          return DONE;
        },
      }),
    /** The machine hears of a time-out when the attempt comes to that call; there it waits for the gate. */
    giveUp(atCall: number, perform: Perform): Promise<unknown> {
      let own = 0;
      return new Promise((resolve, reject) => {
        const decide = async () => {
          if (own++ !== atCall) return DONE;
          held++;
          reject(Object.assign(new Error('given up'), { name: 'Sandbox.Timedout' }));
          await gate;
          return DONE;
        };
        const attempt = perform(interceptStore(store, { decide }));
        attempts.push(attempt);
        attempt.then(resolve, reject);
      });
    },
  };
}
