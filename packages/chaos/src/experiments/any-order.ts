import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { parseManifest, readBytes } from '@mapreduce/shared-utils';
import { type Experiment, expectThat, inStep, randomOf } from '../experiment';
import { DONE } from '../fates';
import { interceptStore } from '../intercept';
import { createJob, type Job, OUT } from '../job';
import type { Random } from '../random';
import { type Conduct, executeJob } from '../run';
import { requireKnownAnswer } from '../verdict';
import { createWorlds, inWorld, WORLD_KINDS, type World } from '../world';

const RUNS = { short: 6, middle: 20, full: 20 } as const;

export const anyOrder: Experiment = {
  name: 'any-order',
  promise: 'one checksum of all bucket files, totals, top URLs and rejected lines',
  faults:
    'shuffled tasks, 1 to 12 of them at a time, splits of 200 bytes to all of it, both engines, tables of any size',
  async run(options) {
    const random = randomOf(options, 'any-order');
    const job = createJob(random, {
      files: 4,
      linesPerFile: 150,
      urls: 60,
      splitBytes: 1000,
      numBuckets: 5,
      compressions: ['none', 'none', 'none', 'zstd'],
    });
    const checksums = new Set<string>();
    let runs = 0;
    for (const kind of WORLD_KINDS) {
      for (let run = 0; run < RUNS[options.scale]; run++, runs++) {
        const step = `any-order, ${kind} run ${run}`;
        const dice = random.fork(step);
        const layout = layOut(job, dice);
        const worlds = await createWorlds(kind, layout);
        try {
          checksums.add(
            await inStep(options.seed, step, () => inWorld(worlds, (world) => runOnce(layout, world, dice))),
          );
        } finally {
          await worlds.close();
        }
        await inStep(options.seed, step, async () =>
          expectThat(checksums.size === 1, () => `expected one checksum of all runs, got ${checksums.size}`),
        );
      }
    }
    return { runs, checksums: checksums.size };
  },
};

/** The same input, cut otherwise. */
function layOut(job: Job, random: Random): Job {
  const config = {
    ...job.config,
    splitBytes: random.pick([200, 777, 3000, 20_000, 1_000_000]),
    tableBytes: random.pick([1, 1000, 1_000_000]),
    engine: random.pick(['wasm', 'wasm', 'reference'] as const),
  };
  return { ...job, config };
}

async function runOnce(job: Job, world: World, random: Random): Promise<string> {
  const { store } = world;
  const report = await executeJob(job, { conduct: inRandomOrder(world, random) });
  if (report.end.kind === 'failed') throw report.end.error;
  await requireKnownAnswer(store, job);
  return checksumOf(world);
}

/** As many at a time as there are workers; which of those that wait is next, is drawn. */
function inRandomOrder({ store }: World, random: Random): Conduct {
  const workers = 1 + random.below(12);
  const waiting: (() => void)[] = [];
  let working = 0;
  const beginNext = () => {
    if (working === workers || waiting.length === 0) return;
    working++;
    waiting.splice(random.below(waiting.length), 1)[0]?.();
  };
  const dawdling = interceptStore(store, {
    decide: async () => {
      for (let turns = random.below(3); turns > 0; turns--) await setImmediate();
      return DONE;
    },
  });
  return async (_, perform) => {
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      // Not at once: the others of the same Map state are to be among those that wait.
      void setImmediate().then(beginNext);
    });
    try {
      return await perform(dawdling);
    } finally {
      working--;
      beginNext();
    }
  };
}

/** Of all that must not depend on how the input was cut; each split has its own file of rejects. */
async function checksumOf({ store }: World): Promise<string> {
  const hash = createHash('sha256');
  const rejects: string[] = [];
  for await (const { objectKey } of store.list(OUT, '')) {
    const text = Buffer.from(await readBytes(store, { bucket: OUT, objectKey })).toString();
    if (objectKey.includes('/rejects/')) rejects.push(...text.trimEnd().split('\n'));
    else if (objectKey.endsWith('manifest.json')) hash.update(totalsOf(objectKey, text));
    else hash.update(`${objectKey} ${text}`);
  }
  const lines = rejects.map((line) => line.replace(/"source":".*\/(?=logs\/)/, '"source":"')).sort();
  return hash.update(lines.join('\n')).digest('hex');
}

function totalsOf(objectKey: string, text: string): string {
  const { counts, records, bytesRead, top, outputs } = parseManifest(objectKey, text);
  return JSON.stringify({ counts, records, bytesRead, top, outputs });
}
