import { DEATHS, dieAt, observed } from '../death';
import {
  type Experiment,
  type ExperimentOptions,
  expectThat,
  type Figures,
  inStep,
  randomOf,
} from '../experiment';
import { createJob } from '../job';
import { MAX_TASK_ATTEMPTS } from '../machine';
import type { Random } from '../random';
import { type Bench, onBench } from '../reference';
import { executeJob } from '../run';
import { requireIdentical } from '../verdict';
import { inWorld, WORLD_KINDS } from '../world';

const RUNS = {
  short: { memory: 30, directory: 6 },
  middle: { memory: 200, directory: 20 },
  full: { memory: 200, directory: 200 },
} as const;

/** The MapReduce paper killed 11.5 % of its workers. */
const KILLED_SHARE = 0.12;

/** Work that is neither the undisturbed run's nor that of attempts that died. */
const MAX_OVERHEAD = 0.05;

const FORMS = ['before', 'torn', 'after', 'short'] as const;

interface Toll {
  readonly deaths: number;
  readonly mostAttempts: number;
  /** Calls beyond those of the undisturbed run and those of attempts that died, as a share. */
  readonly overhead: number;
}

export const killTasks: Experiment = {
  name: 'kill-tasks',
  promise: 'the same bytes as an undisturbed run',
  faults: 'at least 12 % of the tasks of a run die, each at a random call to the store, and are retried',
  async run(options) {
    const figures: Record<string, number | string> = {};
    for (const kind of WORLD_KINDS) {
      const job = createJob(randomOf(options, `kill-tasks ${kind}`), {
        files: 5,
        linesPerFile: 60,
        urls: 40,
        splitBytes: 1500,
        numBuckets: 7,
        tableBytes: 2000,
        compressions: ['none', 'none', 'gzip', 'zstd'],
      });
      Object.assign(figures, await onBench(kind, job, (bench) => killInRuns(options, bench)));
    }
    return figures;
  },
};

async function killInRuns(options: ExperimentOptions, bench: Bench): Promise<Figures> {
  const { kind } = bench.worlds;
  const runs = RUNS[options.scale][kind];
  const tolls: Toll[] = [];
  for (let run = 0; run < runs; run++) {
    const random = randomOf(options, `kill-tasks ${kind} run ${run}`);
    tolls.push(await inStep(options.seed, `kill-tasks, ${kind} run ${run}`, () => killInRun(random, bench)));
  }
  const deaths = tolls.reduce((sum, toll) => sum + toll.deaths, 0);
  const tasks = runs * bench.reference.tasks.length;
  return {
    [`${kind}: runs`]: runs,
    [`${kind}: identical`]: tolls.length,
    [`${kind}: deaths`]: `${deaths} among ${tasks} tasks (${((100 * deaths) / tasks).toFixed(1)} %)`,
    [`${kind}: most attempts at a task`]: Math.max(...tolls.map(({ mostAttempts }) => mostAttempts)),
    [`${kind}: most work beyond the redone`]: `${(100 * Math.max(...tolls.map(({ overhead }) => overhead))).toFixed(1)} %`,
  };
}

async function killInRun(random: Random, { job, worlds, reference }: Bench): Promise<Toll> {
  const { tasks, callsOf } = reference;
  const victims = new Set(random.shuffle(tasks).slice(0, Math.ceil(KILLED_SHARE * tasks.length)));
  return inWorld(worlds, async (world) => {
    let calls = 0;
    let lost = 0;
    let deaths = 0;
    const report = await executeJob(job, {
      conduct: ({ task, number }, perform) => {
        // By task and attempt, so that it is the same in whatever order the tasks come.
        const dice = random.fork(`${task} attempt ${number}`);
        const isVictim = number === 0 ? victims.has(task) : dice.chance(KILLED_SHARE);
        const mayDie = number < MAX_TASK_ATTEMPTS - 1;
        if (!isVictim || !mayDie) return perform(observed(world.store, () => calls++));
        const death = {
          atCall: dice.below(callsOf.get(task) ?? 1),
          form: dice.pick(FORMS),
          name: dice.pick(DEATHS),
        };
        return dieAt(world, death, perform, () => {
          calls++;
          lost++;
        }).catch((error) => {
          deaths++;
          throw error;
        });
      },
    });
    await requireIdentical(world.store, report, reference.output);
    const overhead = (calls - lost) / reference.calls.length - 1;
    expectThat(
      overhead <= MAX_OVERHEAD,
      () =>
        `expected at most ${100 * MAX_OVERHEAD} % of calls beyond those that were lost, got ${100 * overhead} %`,
    );
    expectThat(deaths >= victims.size, () => `expected at least ${victims.size} deaths, got ${deaths}`);
    return { deaths, mostAttempts: Math.max(...report.attempts.values()), overhead };
  });
}
