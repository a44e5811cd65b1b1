import type { StageConfig } from '@mapreduce/shared-utils';
import {
  type Experiment,
  type ExperimentOptions,
  expectThat,
  type Figures,
  inStep,
  randomOf,
} from '../experiment';
import { createJob, type Job } from '../job';
import { type Bench, onBench } from '../reference';
import { type TaskState, taskStates } from '../stages';
import { executeTampered, PART_KINDS, type Parts, readParts, writePart } from '../tamper';
import { judge, type Output, readOutput, type Verdict } from '../verdict';
import { createWorlds, inWorld } from '../world';

/** What the other run was told. */
const OTHERS: Readonly<Record<string, Partial<StageConfig>>> = {
  'other number of buckets': { numBuckets: 5 },
  'other field': { urlField: 'pad' },
  'other line limit': { maxLineBytes: 60 },
};

/** Those that read what others wrote, in order. */
const LATER_STATES: readonly TaskState[] = taskStates.filter((state) => state !== 'Plan');

export const mixedParts: Experiment = {
  name: 'mixed-parts',
  promise: 'an error, or the same bytes; never counts of another run',
  faults: `each part of a run exchanged between two stages for that of a run with ${Object.keys(OTHERS).join(', ')}`,
  async run(options) {
    const job = createJob(randomOf(options, 'mixed-parts'), {
      files: 2,
      linesPerFile: 20,
      urls: 8,
      splitBytes: 800,
      numBuckets: 3,
      engine: 'reference',
    });
    return onBench('memory', job, (bench) => mixParts(options, bench));
  },
};

async function mixParts({ seed }: ExperimentOptions, bench: Bench): Promise<Figures> {
  const ends: Record<Verdict, number> = { identical: 0, failed: 0, unheard: 0 };
  for (const [what, config] of Object.entries(OTHERS)) {
    const other = await collectParts({ ...bench.job, config: { ...bench.job.config, ...config } });
    for (const { name, key, readBy } of PART_KINDS) {
      for (const state of LATER_STATES.slice(LATER_STATES.indexOf(readBy))) {
        const step = `mixed-parts, ${name} of a run with ${what}, before ${state}`;
        ends[await inStep(seed, step, () => exchange(bench, other, key, state))]++;
      }
    }
  }
  return {
    exchanges: ends.identical + ends.failed,
    'ended in an error': ends.failed,
    identical: ends.identical,
  };
}

interface OtherRun {
  /** As they were before its last stage. */
  readonly parts: Parts;
  readonly output: Output;
}

async function collectParts(job: Job): Promise<OtherRun> {
  const worlds = await createWorlds('memory', job);
  return inWorld(worlds, async (world) => {
    let parts: Parts = new Map();
    await executeTampered(job, world, 'Commit', async () => {
      parts = await readParts(world);
    });
    return { parts, output: await readOutput(world.store) };
  });
}

/** Each exchanged part brings along what it names: the objects of its attempts have names of their own. */
async function exchange(
  { job, worlds, reference }: Bench,
  other: OtherRun,
  key: RegExp,
  before: TaskState,
): Promise<Verdict> {
  return inWorld(worlds, async (world) => {
    let exchanged = 0;
    const report = await executeTampered(job, world, before, async () => {
      const own = [...(await readParts(world)).keys()].filter((each) => key.test(each)).sort();
      const others = [...other.parts].filter(([each]) => key.test(each)).sort();
      for (const [objectKey, bytes] of other.parts) {
        if (/attempt-\d+\.\w+$/.test(objectKey)) await writePart(world, objectKey, bytes);
      }
      for (const [index, objectKey] of own.entries()) {
        const bytes = others[index]?.[1];
        if (bytes === undefined) continue;
        await writePart(world, objectKey, bytes);
        exchanged++;
      }
    });
    expectThat(exchanged > 0, () => 'expected something to exchange, got nothing');
    // With the plan of another run from the start it is that run.
    return judge(world.store, report, reference.output, other.output);
  });
}
