import { type Experiment, type ExperimentOptions, type Figures, inStep, randomOf } from '../experiment';
import { DONE } from '../fates';
import type { Place } from '../faults';
import { changedJob, changeInput, INPUT_CHANGES, type InputChange } from '../input-changes';
import { interceptStore } from '../intercept';
import { createJob, type Job } from '../job';
import { onBench, placesOf } from '../reference';
import { executeJob } from '../run';
import { judge, type Output, readOutput, type Verdict } from '../verdict';
import { createWorlds, inWorld, WORLD_KINDS, type WorldKind } from '../world';

/** Of the calls of the job, every how manyeth is one at which the input changes. */
const STRIDES = {
  short: { memory: 2, directory: 20 },
  middle: { memory: 1, directory: 5 },
  full: { memory: 1, directory: 1 },
} as const;

export const changingInput: Experiment = {
  name: 'changing-input',
  promise: 'the counts of one state of the input, or an error; never of a mixture',
  faults: `at every call to the store a file of the input is ${INPUT_CHANGES.join(', ')}`,
  async run(options) {
    const figures: Record<string, number | string> = {};
    for (const kind of WORLD_KINDS) {
      const job = createJob(randomOf(options, `changing-input ${kind}`), {
        files: 2,
        linesPerFile: 12,
        urls: 6,
        splitBytes: 400,
        numBuckets: 2,
        // A rejected line names its file, which is in another place in every run.
        badLines: false,
        engine: 'reference',
      });
      Object.assign(figures, await changeEverywhere(options, kind, job));
    }
    return figures;
  },
};

async function changeEverywhere(
  { seed, scale }: ExperimentOptions,
  kind: WorldKind,
  job: Job,
): Promise<Figures> {
  const stride = STRIDES[scale][kind];
  const ends: Record<Verdict, number> = { identical: 0, failed: 0, unheard: 0 };
  const { places, before } = await onBench(kind, job, async ({ reference }) => ({
    places: placesOf(reference),
    before: reference.output,
  }));
  for (const [nth, change] of INPUT_CHANGES.entries()) {
    for (const [index, { key }] of job.files.entries()) {
      const changed = changedJob(job, key, change);
      const references = changed === null ? [before] : [before, await outputOf(kind, changed)];
      for (let at = (nth + index) % stride; at < places.length; at += stride) {
        const place = places[at] as Place;
        const step = `changing-input, ${kind}: ${key} is ${change} at call ${place.call} of ${place.task}`;
        ends[await inStep(seed, step, () => changeAt(kind, job, place, key, change, references))]++;
      }
    }
  }
  return {
    [`${kind}: changes`]: ends.identical + ends.failed,
    [`${kind}: counts of one state`]: ends.identical,
    [`${kind}: failed without a manifest`]: ends.failed,
  };
}

/** In a world of its own: its input does not stay as it was. */
async function changeAt(
  kind: WorldKind,
  job: Job,
  place: Place,
  key: string,
  change: InputChange,
  references: readonly Output[],
): Promise<Verdict> {
  const worlds = await createWorlds(kind, job);
  try {
    return await inWorld(worlds, async (world) => {
      const report = await executeJob(job, {
        conduct: ({ task, number }, perform) => {
          if (task !== place.task || number > 0) return perform(world.store);
          let calls = 0;
          const decide = async () => {
            if (calls++ === place.call) await changeInput(world, key, change);
            return DONE;
          };
          return perform(interceptStore(world.store, { decide }));
        },
      });
      return judge(world.store, report, ...references);
    });
  } finally {
    await worlds.close();
  }
}

async function outputOf(kind: WorldKind, job: Job): Promise<Output> {
  const worlds = await createWorlds(kind, job);
  try {
    return await inWorld(worlds, async ({ store }) => {
      await executeJob(job, { conduct: (_, perform) => perform(store) });
      return readOutput(store);
    });
  } finally {
    await worlds.close();
  }
}
