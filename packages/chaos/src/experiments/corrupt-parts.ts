import { isDeepStrictEqual } from 'node:util';
import {
  type Experiment,
  type ExperimentOptions,
  expectThat,
  type Figures,
  inStep,
  randomOf,
} from '../experiment';
import { createJob } from '../job';
import type { Random } from '../random';
import { type Bench, onBench } from '../reference';
import { executeTampered, PART_KINDS, readParts, writePart } from '../tamper';
import { judge, type Output, readOutput, type Verdict } from '../verdict';
import { inWorld } from '../world';

/** Every how manyeth byte is tried: of the segments, and of the documents. */
const STRIDES = {
  short: { segments: 4, documents: 40 },
  middle: { segments: 1, documents: 7 },
  full: { segments: 1, documents: 1 },
} as const;

type Damage = (bytes: Uint8Array, at: number, random: Random) => Uint8Array;

const DAMAGES: Readonly<Record<string, Damage>> = {
  'a byte inverted': (bytes, at) => withByte(bytes, at, (byte) => byte ^ 0xff),
  'a bit flipped': (bytes, at, random) => withByte(bytes, at, (byte) => byte ^ (1 << random.below(8))),
  'cut short': (bytes, at) => bytes.slice(0, at),
};

export const corruptParts: Experiment = {
  name: 'corrupt-parts',
  promise: 'segments: an error, always; documents: an error, or the same bucket files',
  faults: `every byte of every part of a run: ${Object.keys(DAMAGES).join(', ')}`,
  async run(options) {
    const job = createJob(randomOf(options, 'corrupt-parts'), {
      files: 1,
      linesPerFile: 14,
      urls: 4,
      splitBytes: 600,
      numBuckets: 2,
      engine: 'reference',
    });
    return onBench('memory', job, (bench) => damageAll(options, bench));
  },
};

/** `unnoticed`: the counts are right, but the manifest says something else, or they are in another place. */
type DamageEnd = Verdict | 'unnoticed';

async function damageAll({ seed, scale }: ExperimentOptions, bench: Bench): Promise<Figures> {
  const ends: Record<DamageEnd, number> = { identical: 0, failed: 0, unheard: 0, unnoticed: 0 };
  let ofSegments = 0;
  let nth = 0;
  for (const kind of PART_KINDS) {
    const isSegments = kind.name === 'segments';
    const stride = STRIDES[scale][isSegments ? 'segments' : 'documents'];
    for (const [index, size] of (await sizesOf(bench, kind)).entries()) {
      for (const [damage, inflict] of Object.entries(DAMAGES)) {
        for (let at = nth++ % stride; at < size; at += stride) {
          const step = `corrupt-parts, ${kind.name} ${index}, ${damage} at ${at}`;
          const random = randomOf({ seed, scale }, step);
          const end = await inStep(seed, step, async () => {
            const found = await damageOne(bench, kind, index, (bytes) => inflict(bytes, at, random));
            expectThat(!isSegments || found === 'failed', () => `expected an error, got ${found}`);
            return found;
          });
          ends[end]++;
          if (isSegments) ofSegments++;
        }
      }
    }
  }
  const { failed, identical, unnoticed } = ends;
  return {
    'segments damaged': ofSegments,
    'segments: errors': ofSegments,
    'documents damaged': failed + identical + unnoticed - ofSegments,
    'documents: errors': failed - ofSegments,
    'documents: no difference': identical,
    'documents: right counts, something else unnoticed': unnoticed,
  };
}

type PartKind = (typeof PART_KINDS)[number];

async function sizesOf({ job, worlds }: Bench, { key, readBy }: PartKind): Promise<number[]> {
  return inWorld(worlds, async (world) => {
    let sizes: number[] = [];
    await executeTampered(job, world, readBy, async () => {
      sizes = [...(await readParts(world))]
        .filter(([each]) => key.test(each))
        .map(([, { length }]) => length);
    });
    return sizes;
  });
}

async function damageOne(
  { job, worlds, reference }: Bench,
  { key, readBy }: PartKind,
  index: number,
  inflict: (bytes: Uint8Array) => Uint8Array,
): Promise<DamageEnd> {
  return inWorld(worlds, async (world) => {
    const report = await executeTampered(job, world, readBy, async () => {
      const part = [...(await readParts(world))].filter(([each]) => key.test(each))[index];
      if (part !== undefined) await writePart(world, part[0], inflict(part[1]));
    });
    try {
      return await judge(world.store, report, reference.output);
    } catch (error) {
      const found = await readOutput(world.store);
      if (isDeepStrictEqual(bucketsOf(found), bucketsOf(reference.output))) return 'unnoticed';
      throw error;
    }
  });
}

/** The checksums of the bucket files, wherever they are. */
function bucketsOf({ checksums }: Output): string[] {
  return [...checksums]
    .filter(([key]) => /bucket_\d+\.json$/.test(key))
    .map(([, checksum]) => checksum)
    .sort();
}

function withByte(bytes: Uint8Array, at: number, change: (byte: number) => number): Uint8Array {
  const changed = Uint8Array.from(bytes);
  changed[at] = change(bytes[at] ?? 0);
  return changed;
}
