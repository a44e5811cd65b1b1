import {
  failBySeed,
  type S3Call,
  type S3Fault,
  type S3FaultPlan,
  SLOW_DOWN,
} from '@mapreduce/shared-utils/testing';
import { type Experiment, expectThat, type Figures, inStep, randomOf } from '../experiment';
import { createJob, type Job } from '../job';
import { MAX_TASK_ATTEMPTS } from '../machine';
import type { Random } from '../random';
import { executeJob } from '../run';
import { createS3World, type S3World } from '../s3-world';
import { readOutput, requireIdentical } from '../verdict';

const RUNS = { short: 2, middle: 6, full: 40 } as const;

/** Of these, with the pauses as they are: they take half a minute each. */
const PATIENT_RUNS = { short: 0, middle: 0, full: 2 } as const;

const FAULT_SHARE = 0.5;

const FAULTS: readonly S3Fault[] = [
  SLOW_DOWN,
  { kind: 'status', status: 500, code: 'InternalError' },
  { kind: 'reset' },
  { kind: 'reset', isObeyed: true },
  { kind: 'cut', afterBytes: 20 },
  { kind: 'short', byBytes: 3 },
];

interface Effort {
  readonly requests: number;
  readonly faults: number;
  readonly mostTaskAttempts: number;
  readonly mostRequestAttempts: number;
}

export const halfOfCalls: Experiment = {
  name: 'half-of-calls',
  promise: 'the same bytes, with a bounded number of attempts',
  faults: 'half of all S3 requests fail: 503, 500, reset before or after they were obeyed, answers cut short',
  async run(options) {
    const efforts: Effort[] = [];
    for (let run = 0; run < RUNS[options.scale]; run++) {
      const step = `half-of-calls, run ${run}`;
      const random = randomOf(options, step);
      const isPatient = run < PATIENT_RUNS[options.scale];
      efforts.push(await inStep(options.seed, step, () => runOnce(random, isPatient)));
    }
    return { ...figuresOf(efforts), 'runs with their pauses': PATIENT_RUNS[options.scale] };
  },
};

async function runOnce(random: Random, isPatient: boolean): Promise<Effort> {
  const job = createJob(random, {
    files: 3,
    linesPerFile: 60,
    urls: 20,
    splitBytes: 1500,
    numBuckets: 4,
    engine: 'reference',
  });
  const reference = await inS3World(job, undefined, async (world) => {
    const report = await executeJob(job, { conduct: (_, perform) => perform(world.createStore()) });
    if (report.end.kind === 'failed') throw report.end.error;
    return readOutput(world.store);
  });
  return inS3World(job, failBySeed(random.below(2 ** 31), FAULT_SHARE, FAULTS), async (world) => {
    // A task is retried in the environment where it failed, with what its client has learnt there.
    const stores = new Map<string, ReturnType<S3World['createStore']>>();
    const report = await executeJob(job, {
      conduct: ({ task }, perform) => {
        const store = stores.get(task) ?? world.createStore({ isPatient });
        stores.set(task, store);
        return perform(store);
      },
    });
    const calls = world.endFaults();
    await requireIdentical(world.store, report, reference);
    const mostTaskAttempts = Math.max(...report.attempts.values());
    expectThat(
      mostTaskAttempts <= MAX_TASK_ATTEMPTS,
      () => `expected at most ${MAX_TASK_ATTEMPTS} attempts at a task, got ${mostTaskAttempts}`,
    );
    const faults = calls.filter(({ fault }) => fault !== undefined).length;
    return { requests: calls.length, faults, mostTaskAttempts, mostRequestAttempts: mostAlike(calls) };
  });
}

async function inS3World<Result>(
  job: Job,
  plan: S3FaultPlan | undefined,
  use: (world: S3World) => Promise<Result>,
): Promise<Result> {
  const world = await createS3World(job, plan);
  try {
    return await use(world);
  } finally {
    await world.close();
  }
}

/** How often the one request came that came most often. */
function mostAlike(calls: readonly S3Call[]): number {
  const times = new Map<string, number>();
  for (const { operation, bucket, objectKey, query, headers } of calls) {
    const request = [operation, bucket, objectKey, query, headers.range].join('\n');
    times.set(request, (times.get(request) ?? 0) + 1);
  }
  return Math.max(...times.values());
}

function figuresOf(efforts: readonly Effort[]): Figures {
  const sum = (of: (effort: Effort) => number) => efforts.reduce((total, effort) => total + of(effort), 0);
  const [requests, faults] = [sum((each) => each.requests), sum((each) => each.faults)];
  return {
    runs: efforts.length,
    identical: efforts.length,
    requests,
    faults: `${faults} (${((100 * faults) / requests).toFixed(1)} %)`,
    'most attempts at a task': Math.max(...efforts.map(({ mostTaskAttempts }) => mostTaskAttempts)),
    'most times a request came': Math.max(...efforts.map(({ mostRequestAttempts }) => mostRequestAttempts)),
  };
}
