import { isDeepStrictEqual } from 'node:util';
import { readBytes } from '@mapreduce/shared-utils';
import {
  type Experiment,
  type ExperimentOptions,
  expectThat,
  type Figures,
  inStep,
  randomOf,
} from '../experiment';
import { createJob, type Job, OUT, TEMP } from '../job';
import { jostled } from '../jostle';
import type { Random } from '../random';
import { type Bench, onBench } from '../reference';
import { executeJob, type RunReport } from '../run';
import { judge, readOutput, requireIdentical, type Verdict } from '../verdict';
import { createWorlds, inWorld, WORLD_KINDS, type World } from '../world';

const RUNS = {
  short: { memory: 10, directory: 2 },
  middle: { memory: 60, directory: 10 },
  full: { memory: 200, directory: 60 },
} as const;

const SHAPE = {
  files: 2,
  linesPerFile: 25,
  urls: 9,
  splitBytes: 700,
  numBuckets: 4,
  engine: 'reference',
} as const;

export const strangers: Experiment = {
  name: 'strangers',
  promise: 'one run and its output, or two apart; never a blend',
  faults:
    'what earlier runs and dead attempts left in the bucket; one execution started twice at once; a run id used twice',
  async run(options) {
    const figures: Record<string, number | string> = {};
    for (const kind of WORLD_KINDS) {
      const job = createJob(randomOf(options, `strangers ${kind}`), SHAPE);
      Object.assign(figures, await onBench(kind, job, (bench) => meetStrangers(options, bench)));
    }
    return figures;
  },
};

async function meetStrangers({ seed, scale }: ExperimentOptions, bench: Bench): Promise<Figures> {
  const { kind } = bench.worlds;
  const runs = RUNS[scale][kind];
  let bothSucceeded = 0;
  for (let run = 0; run < runs; run++) {
    const step = `strangers, ${kind} run ${run}`;
    const random = randomOf({ seed, scale }, step);
    await inStep(seed, `${step}, among leftovers`, () => runAmongLeftovers(bench, random.fork('leftovers')));
    bothSucceeded += await inStep(seed, `${step}, started twice`, () =>
      startTwice(bench, random.fork('twice')),
    );
    await inStep(seed, `${step}, run id used twice`, () => shareRunId(bench, random.fork('run id')));
  }
  return {
    [`${kind}: runs among leftovers, identical`]: runs,
    [`${kind}: executions started twice, identical`]: runs,
    [`${kind}: of these both starts succeeded`]: bothSucceeded,
    [`${kind}: run ids used twice, one refused`]: runs,
  };
}

/** Everything that another run and dead attempts at this one can leave, but what only a commit makes count. */
async function runAmongLeftovers({ job, worlds, reference }: Bench, random: Random): Promise<void> {
  const leftovers = await collectLeftovers(createJob(random, SHAPE));
  await inWorld(worlds, async (world) => {
    for (const [objectKey, bytes] of leftovers) {
      await world.store.put({ bucket: TEMP, objectKey }, bytes);
      if (random.chance(0.3)) await world.leaveHalf({ bucket: OUT, objectKey: 'reduce-output/run/x' }, bytes);
    }
    const report = await executeJob(job, {
      conduct: (_, perform) => perform(jostled(world.store, random.fork('pace'))),
    });
    await requireIdentical(world.store, report, reference.output);
  });
}

/** The temporary objects of a run that failed at its end, under its own id, and its attempts' under ours. */
async function collectLeftovers(job: Job): Promise<Map<string, Uint8Array>> {
  const leftovers = new Map<string, Uint8Array>();
  const worlds = await createWorlds('memory', job);
  await inWorld(worlds, async ({ store }) => {
    await executeJob(job, {
      input: { run_id: 'other' },
      conduct: ({ state }, perform) =>
        state === 'Commit' ? Promise.reject(new Error('given up')) : perform(store),
    });
    for await (const { objectKey } of store.list(TEMP, '')) {
      const bytes = await readBytes(store, { bucket: TEMP, objectKey });
      leftovers.set(objectKey, bytes);
      const isOfAttempt = /attempt-\d+\.\w+$/.test(objectKey);
      if (isOfAttempt) leftovers.set(objectKey.replace('runs/other/', 'runs/run/'), bytes);
    }
  });
  return leftovers;
}

/** Asynchronous executions are started at least once: here twice, with one id. Returns 1 where both succeeded. */
async function startTwice({ job, worlds, reference }: Bench, random: Random): Promise<number> {
  return inWorld(worlds, async (world) => {
    const reports = await Promise.all(
      ['first', 'second'].map((start) => execute(job, world, random.fork(start))),
    );
    const verdicts: Verdict[] = [];
    for (const report of reports) verdicts.push(await judge(world.store, report, reference.output));
    expectThat(verdicts.includes('identical'), () => `expected one to succeed, got ${verdicts.join(', ')}`);
    return verdicts.every((verdict) => verdict === 'identical') ? 1 : 0;
  });
}

function execute(job: Job, { store }: World, random: Random, executionId?: string): Promise<RunReport> {
  return executeJob(job, {
    ...(executionId !== undefined && { executionId }),
    conduct: ({ task, number }, perform) => perform(jostled(store, random.fork(`${task} ${number}`))),
  });
}

/** Two executions that name the same run: whoever plans first has it. */
async function shareRunId({ job, worlds, reference }: Bench, random: Random): Promise<void> {
  await inWorld(worlds, async (world) => {
    const reports = await Promise.all(['a', 'b'].map((id) => execute(job, world, random.fork(id), id)));
    await world.store.settled();
    expectThat(
      isDeepStrictEqual(await readOutput(world.store), reference.output),
      () => 'expected one output',
    );
    const refused = reports.filter(({ end }) => end.kind === 'failed');
    expectThat(refused.length === 1, () => `expected one execution to be refused, got ${refused.length}`);
    for (const { end } of refused) {
      const error = end.kind === 'failed' ? end.error : null;
      expectThat(
        /run_id/.test(error?.message ?? ''),
        () => `expected a refusal of run_id, got ${error?.message}`,
      );
    }
  });
}
