import { isDeepStrictEqual } from 'node:util';
import { altered, DIFFERENCES, isSeenByTask } from '../differences';
import {
  type Experiment,
  type ExperimentOptions,
  expectThat,
  type Figures,
  inStep,
  randomOf,
} from '../experiment';
import { createJob, type Job } from '../job';
import { jostled } from '../jostle';
import type { Random } from '../random';
import { type Bench, onBench } from '../reference';
import { type Conduct, executeJob, type RunReport } from '../run';
import { judge, type Output, readOutput, requireIdentical } from '../verdict';
import { inWorld, WORLD_KINDS, type World } from '../world';

const RUNS = {
  short: { memory: 8, directory: 2 },
  middle: { memory: 60, directory: 8 },
  full: { memory: 200, directory: 40 },
} as const;

export const twins: Experiment = {
  name: 'twins',
  promise:
    'one attempt counts, whole; where the two differ, the difference is reported and no blend is published',
  faults: `every task runs twice at once; one of two attempts at a split ${Object.keys(DIFFERENCES).join(' or ')}`,
  async run(options) {
    const figures: Record<string, number | string> = {};
    for (const kind of WORLD_KINDS) {
      const job = createJob(randomOf(options, `twins ${kind}`), {
        files: 3,
        linesPerFile: 30,
        urls: 12,
        splitBytes: 900,
        numBuckets: 3,
      });
      Object.assign(figures, await onBench(kind, job, (bench) => runTwins(options, bench)));
    }
    return figures;
  },
};

async function runTwins(options: ExperimentOptions, bench: Bench): Promise<Figures> {
  const { kind } = bench.worlds;
  const runs = RUNS[options.scale][kind];
  const ends = { failed: 0, winner: 0 };
  for (let run = 0; run < runs; run++) {
    const step = `twins, ${kind} run ${run}`;
    const random = randomOf(options, step);
    await inStep(options.seed, step, () => runEveryTaskTwice(random, bench));
    for (const difference of Object.keys(DIFFERENCES)) {
      const dice = random.fork(difference);
      ends[await inStep(options.seed, `${step}, ${difference}`, () => runUnequal(dice, bench, difference))]++;
    }
  }
  return {
    [`${kind}: runs with every task twice`]: runs,
    [`${kind}: identical`]: runs,
    [`${kind}: runs with unequal twins`]: ends.failed + ends.winner,
    [`${kind}: reported and failed`]: ends.failed,
    [`${kind}: reported, the first one's data whole`]: ends.winner,
  };
}

async function runEveryTaskTwice(random: Random, { job, worlds, reference }: Bench): Promise<void> {
  await inWorld(worlds, async (world) => {
    const report = await executeJob(job, {
      conduct: async ({ task, number }, perform) => {
        const dice = random.fork(`${task} ${number}`);
        const both = ['first', 'second'].map((twin) => perform(jostled(world.store, dice.fork(twin))));
        const ends = await Promise.allSettled(both);
        // Whichever of them the machine may have been waiting for.
        const end = dice.pick(ends);
        if (end.status === 'rejected') throw end.reason;
        return end.value;
      },
    });
    await requireIdentical(world.store, report, reference.output);
  });
}

/** Two attempts at one split, of which one is not like the other; the machine waits for either. */
async function runUnequal(random: Random, bench: Bench, difference: string): Promise<'failed' | 'winner'> {
  const { job, worlds, reference } = bench;
  const split = random.pick(reference.tasks.filter((task) => task.startsWith('MapSplit')));
  const alone = await inWorld(worlds, (world) => runAlone(job, world, split, difference));
  return inWorld(worlds, async (world) => {
    const report = await executeJob(job, { conduct: unequalTwins(random, world, split, difference) });
    const verdict = await judge(world.store, report, reference.output, ...alone);
    const isLike = (output: Output | undefined) => isDeepStrictEqual(output, reference.output);
    // What was written wrong and then not used is nobody's business.
    const isUsed = !isLike(await readOutput(world.store));
    const isRead = isSeenByTask(difference) && !isLike(alone[0]);
    if (isUsed || isRead) requireReport(report, difference);
    return verdict === 'identical' ? 'winner' : 'failed';
  });
}

/** What comes out when the odd attempt is the only one; nothing where that fails. */
async function runAlone(job: Job, world: World, split: string, difference: string): Promise<Output[]> {
  const report = await executeJob(job, {
    conduct: ({ task }, perform) => perform(task === split ? altered(world.store, difference) : world.store),
  });
  await world.store.settled();
  return report.end.kind === 'succeeded' ? [await readOutput(world.store)] : [];
}

function unequalTwins(random: Random, world: World, split: string, difference: string): Conduct {
  return async ({ task, number }, perform) => {
    if (task !== split || number > 0) return perform(world.store);
    // Neither may find the other's record before it has begun: then it would not count at all.
    const meet = createBarrier(2);
    const onCall = (nth: number) => (nth === 1 ? meet() : undefined);
    const odd = perform(jostled(altered(world.store, difference), random.fork('odd'), onCall));
    const even = perform(jostled(world.store, random.fork('even'), onCall));
    const [awaited, other] = random.shuffle([odd, even]) as [Promise<unknown>, Promise<unknown>];
    await Promise.allSettled([awaited, other]);
    return awaited;
  };
}

function requireReport({ end, logged }: RunReport, difference: string): void {
  const isLogged = logged.some(
    ({ level, fields }) => level === 'error' && 'committed' in fields && 'attempt' in fields,
  );
  const isFailed = end.kind === 'failed' && /^(CorruptRunError|LedgerImbalanceError)$/.test(end.error.name);
  expectThat(isLogged || isFailed, () => `expected a report of ${difference}, got none`);
}

function createBarrier(parties: number): () => Promise<void> {
  let missing = parties;
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return () => {
    if (--missing === 0) open();
    return opened;
  };
}
