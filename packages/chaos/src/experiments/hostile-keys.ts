import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Experiment, type ExperimentOptions, expectThat, inStep, randomOf } from '../experiment';
import { createJob, IN, type Job } from '../job';
import { executeJob } from '../run';
import { createS3World } from '../s3-world';
import { readOutput, requireKnownAnswer } from '../verdict';
import { createWorlds, inWorld } from '../world';

/** Fine names in S3, and some of them a way out of a directory. */
const KEYS = [
  '../../etc/x',
  '../secret.jsonl',
  '/abs',
  'a/../../b',
  '..\\x',
  '.',
  '..',
  'a//b',
  'a/./b',
  'nul\0byte',
  '.unfinished-0123456789abcdef',
  'x'.repeat(300),
  ' + %20 # ? é \n',
] as const;

/** Of these keys, the one that is a file name like any other. */
const HARMLESS = ' + %20 # ? é \n';

export const hostileKeys: Experiment = {
  name: 'hostile-keys',
  promise:
    'S3: counted under their names; a directory: refused by name, nothing outside of it read or written',
  faults: 'input keys like ../../etc/x, absolute ones, `..` and `.`, a NUL, names of unfinished files',
  async run(options) {
    const { seed } = options;
    let refused = 0;
    for (const key of KEYS) {
      const job = createHostileJob(options, key);
      const step = `hostile-keys, ${JSON.stringify(key)}`;
      await inStep(seed, `${step} in S3`, () => countInS3(job));
      refused += await inStep(seed, `${step} in a directory`, () => tryInDirectory(job, key));
    }
    return { keys: KEYS.length, 'S3: counted': KEYS.length, 'directory: refused': refused };
  },
};

function createHostileJob(options: ExperimentOptions, key: string): Job {
  const job = createJob(randomOf(options, `hostile-keys ${key}`), {
    files: 1,
    linesPerFile: 5,
    urls: 3,
    splitBytes: 1000,
    numBuckets: 2,
    engine: 'reference',
  });
  const files = job.files.map(({ bytes }) => ({ key, bytes }));
  return { ...job, files, input: { ...job.input, input_files: [{ bucket: IN, key }] } };
}

async function countInS3(job: Job): Promise<void> {
  const world = await createS3World(job);
  try {
    const { end } = await executeJob(job, { conduct: (_, perform) => perform(world.createStore()) });
    if (end.kind === 'failed') throw end.error;
    await requireKnownAnswer(world.store, job);
  } finally {
    await world.close();
  }
}

/** Beside the input lies a file that such a key would find. */
async function tryInDirectory(job: Job, key: string): Promise<number> {
  const worlds = await createWorlds('directory', { ...job, files: [] });
  try {
    return await inWorld(worlds, async (world) => {
      const input = world.inputDirectory as string;
      const secret = path.join(input, '../secret.jsonl');
      await writeFile(secret, '{"url":"secret"}\n');
      if (key === HARMLESS) await writeFile(path.join(input, key), job.files[0]?.bytes ?? '');
      const before = await readdir(path.dirname(input));
      const { end } = await executeJob(job, { conduct: (_, perform) => perform(world.store) });
      const { checksums } = await readOutput(world.store);
      expectThat(
        isDeepStrictEqual(await readdir(path.dirname(input)), before),
        () => 'expected no new file outside',
      );
      expectThat(
        (await readFile(secret, 'utf8')).includes('secret'),
        () => 'expected the file outside untouched',
      );
      if (key === HARMLESS) {
        await requireKnownAnswer(world.store, job);
        return 0;
      }
      const error = end.kind === 'failed' ? end.error : null;
      expectThat(
        error?.name === 'InvalidInputError',
        () => `expected a refusal, got ${error?.message ?? 'none'}`,
      );
      expectThat(checksums.size === 0, () => 'expected nothing like an output');
      return 1;
    });
  } finally {
    await worlds.close();
  }
}
