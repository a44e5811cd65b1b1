import { isDeepStrictEqual } from 'node:util';
import { StoreUnavailableError } from '@mapreduce/shared-utils';
import { type Experiment, expectThat, inStep, randomOf } from '../experiment';
import { DONE } from '../fates';
import { interceptStore } from '../intercept';
import { createJob, type Job } from '../job';
import type { Random } from '../random';
import { onBench } from '../reference';
import { createDeps, executeJob } from '../run';
import { createHandlerByState, taskStates } from '../stages';
import { type Output, readOutput } from '../verdict';
import { createWorlds, inWorld, type World } from '../world';

const INVOCATIONS = { short: 25, middle: 100, full: 100 } as const;

/** Of the invocations in between, how many meet a store that fails them in the middle. */
const FAILING_SHARE = 0.2;

export const warm: Experiment = {
  name: 'warm',
  promise: 'each result is that of a fresh environment, whatever the same handlers did before',
  faults: 'the same five handlers over different inputs, again and again, some of them failing half-way',
  async run(options) {
    const runs = INVOCATIONS[options.scale];
    const handlers = createWarmHandlers();
    let failed = 0;
    for (let run = 0; run < runs; run++) {
      const step = `warm, run ${run}`;
      const random = randomOf(options, step);
      const job = createRandomJob(random);
      await inStep(options.seed, step, async () => {
        const fresh = await onBench('memory', job, async ({ reference }) => reference.output);
        const isFailing = random.chance(FAILING_SHARE);
        if (isFailing) failed++;
        const output = await runWarm(handlers, job, isFailing ? random : null);
        expectThat(
          isFailing || isDeepStrictEqual(output, fresh),
          () => 'expected the output of fresh handlers, got another',
        );
      });
    }
    return { runs, identical: runs - failed, 'made to fail in between': failed };
  },
};

type WarmHandlers = ReturnType<typeof createWarmHandlers>;

/** Made once, as in a Lambda that stays; only what the store holds and what the settings say changes. */
function createWarmHandlers() {
  const environment: { deps: ReturnType<typeof createDeps> | null } = { deps: null };
  const current = () => environment.deps as ReturnType<typeof createDeps>;
  const deps: ReturnType<typeof createDeps> = {
    get store() {
      return current().store;
    },
    get scratch() {
      return current().scratch;
    },
    get config() {
      return current().config;
    },
    get log() {
      return current().log;
    },
    now: () => new Date(),
    newAttemptId: () => current().newAttemptId(),
  };
  const handlers = Object.fromEntries(taskStates.map((state) => [state, createHandlerByState[state](deps)]));
  return { environment, handlers };
}

async function runWarm(
  { environment, handlers }: WarmHandlers,
  job: Job,
  failing: Random | null,
): Promise<Output | null> {
  const worlds = await createWorlds('memory', job);
  return inWorld(worlds, async (world) => {
    environment.deps = createDeps(job, failing === null ? world.store : failingFromThen(world, failing));
    const report = await executeJob(job, { conduct: async ({ state, event }) => handlers[state]?.(event) });
    await world.store.settled();
    if (failing === null && report.end.kind === 'failed') throw report.end.error;
    return readOutput(world.store);
  });
}

/** From some call on nothing works, so that handlers are left in the middle of their work. */
function failingFromThen({ store }: World, random: Random) {
  let calls = random.below(60);
  const fail = () => Promise.reject(new StoreUnavailableError('injected: expected an answer, got none'));
  return interceptStore(store, { decide: () => (calls-- > 0 ? DONE : { form: 'before', fail }) });
}

function createRandomJob(random: Random): Job {
  return createJob(random, {
    files: 1 + random.below(3),
    linesPerFile: random.below(40),
    urls: 1 + random.below(30),
    splitBytes: 100 + random.below(2000),
    numBuckets: 1 + random.below(6),
    tableBytes: random.pick([1, 1000, 1_000_000]),
    compressions: random.pick([['none'], ['none', 'gzip']] as const),
    engine: random.pick(['wasm', 'reference'] as const),
  });
}
