import {
  type Experiment,
  type ExperimentOptions,
  expectThat,
  type Figures,
  inStep,
  randomOf,
} from '../experiment';
import { FAULTS, type Fault, type Place } from '../faults';
import { createJob } from '../job';
import { type Bench, onBench, placesOf } from '../reference';
import { executeJob } from '../run';
import { judge, type Verdict } from '../verdict';
import { inWorld, WORLD_KINDS } from '../world';

/** Of the calls of the job, every how manyeth is tried. */
const STRIDES = {
  short: { memory: 1, directory: 17 },
  middle: { memory: 1, directory: 3 },
  full: { memory: 1, directory: 1 },
} as const;

export const everyCall: Experiment = {
  name: 'every-call',
  promise: 'the same bytes, or a failure without a manifest; after what a retry can heal always the former',
  faults: `one fault at every call to the store: ${FAULTS.map(({ name }) => name).join(', ')}`,
  async run(options) {
    const figures: Record<string, number | string> = {};
    for (const kind of WORLD_KINDS) {
      const job = createJob(randomOf(options, `every-call ${kind}`), {
        files: 2,
        linesPerFile: 9,
        urls: 4,
        splitBytes: 500,
        numBuckets: 3,
        engine: 'reference',
      });
      Object.assign(figures, await onBench(kind, job, (bench) => strikeEverywhere(options, bench)));
    }
    return figures;
  },
};

async function strikeEverywhere({ seed, scale }: ExperimentOptions, bench: Bench): Promise<Figures> {
  const { kind } = bench.worlds;
  const ends: Record<Verdict, number> = { identical: 0, failed: 0, unheard: 0 };
  const places = placesOf(bench.reference);
  let tried = 0;
  for (const [index, { operation, ...place }] of places.entries()) {
    for (const [nth, fault] of FAULTS.entries()) {
      if (!fault.isPossible(operation) || (index + nth) % STRIDES[scale][kind] !== 0) continue;
      const step = `every-call, ${kind}: ${fault.name} at call ${place.call} of ${place.task} (${operation})`;
      ends[await inStep(seed, step, () => strike(bench, fault, place))]++;
      tried++;
    }
  }
  return {
    [`${kind}: calls`]: places.length,
    [`${kind}: calls x forms tried`]: tried,
    [`${kind}: identical`]: ends.identical,
    [`${kind}: failed without a manifest`]: ends.failed,
    [`${kind}: committed, but the store was gone before it could say so`]: ends.unheard,
  };
}

async function strike({ job, worlds, reference }: Bench, fault: Fault, place: Place): Promise<Verdict> {
  return inWorld(worlds, async (world) => {
    const report = await executeJob(job, { conduct: fault.conduct(world, place) });
    const verdict = await judge(world.store, report, reference.output);
    const { end } = report;
    expectThat(fault.ends.includes(verdict), () => {
      const got = end.kind === 'failed' ? `: ${end.error.name}: ${end.error.message}` : '';
      return `expected a run that ends ${fault.ends.join(' or ')}, got ${verdict}${got}`;
    });
    return verdict;
  });
}
