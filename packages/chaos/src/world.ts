import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  createDirectoryStore,
  InputNotFoundError,
  type ObjectRef,
  type ObjectStore,
  quote,
} from '@mapreduce/shared-utils';
import { createMemoryStore } from '@mapreduce/shared-utils/testing';
import { type BusyStore, createBusyStore } from './busy-store';
import { DONE } from './fates';
import { interceptStore } from './intercept';
import { IN, type Job, OUT, TEMP } from './job';

/** A store with the input of a job in it, and nothing else. */
export interface World {
  readonly store: BusyStore;
  /** What stays in the store of a process that died while it wrote. */
  leaveHalf(ref: ObjectRef, bytes: Uint8Array): Promise<void>;
  /** Where the input files are; null where they are in memory. */
  readonly inputDirectory: string | null;
  close(): Promise<void>;
}

const LONG_AGO = new Date(Date.UTC(2025, 11, 1));

export const WORLD_KINDS = ['memory', 'directory'] as const;
export type WorldKind = (typeof WORLD_KINDS)[number];

/** Makes world after world for one job; the input files of all of them are the same ones. */
export interface Worlds {
  readonly kind: WorldKind;
  create(): Promise<World>;
  close(): Promise<void>;
}

export async function createWorlds(kind: WorldKind, job: Job): Promise<Worlds> {
  return kind === 'memory' ? createMemoryWorlds(job) : await createDirectoryWorlds(job);
}

/** Makes a world, uses it and takes it away. */
export async function inWorld<Result>(
  worlds: Worlds,
  use: (world: World) => Promise<Result>,
): Promise<Result> {
  const world = await worlds.create();
  try {
    return await use(world);
  } finally {
    await world.close();
  }
}

/** A new directory, in memory where that is to be had: thousands of small runs would wait for a disk. */
async function createScratch(): Promise<string> {
  const name = 'mapreduce-chaos-';
  return mkdtemp(path.join('/dev/shm', name)).catch(() => mkdtemp(path.join(tmpdir(), name)));
}

function createMemoryWorlds({ files }: Job): Worlds {
  return {
    kind: 'memory',
    create: async () => {
      // Small pieces, so that lines, rows and documents are cut in odd places.
      const store = createMemoryStore({ pieceBytes: 777 });
      for (const { key, bytes } of files) store.objects.set(`${IN}/${key}`, bytes);
      return {
        store: createBusyStore(withThreeBuckets(store)),
        leaveHalf: async () => {},
        inputDirectory: null,
        close: async () => {},
      };
    },
    close: async () => {},
  };
}

/** A bucket that is not there is an error in every other store. */
function withThreeBuckets(store: ObjectStore): ObjectStore {
  return interceptStore(store, {
    decide({ name }) {
      const bucket = name.slice(0, name.indexOf('/'));
      if ([IN, TEMP, OUT].includes(bucket)) return DONE;
      const error = new InputNotFoundError(`bucket ${quote(bucket)}: expected one of this job, got none`);
      return { form: 'before', fail: () => Promise.reject(error) };
    },
  });
}

async function createDirectoryWorlds({ files }: Job): Promise<Worlds> {
  const scratch = await createScratch();
  const input = path.join(scratch, IN);
  const inputStore = createDirectoryStore(new Map([[IN, input]]));
  for (const { key, bytes } of files) {
    await inputStore.put({ bucket: IN, objectKey: key }, bytes);
    // As old as inputs are: the clock of a file system is too coarse for what changes the moment it was written.
    await utimes(path.join(input, key), LONG_AGO, LONG_AGO);
  }
  let worlds = 0;
  return {
    kind: 'directory',
    create: () => createDirectoryWorld(input, path.join(scratch, `world-${worlds++}`)),
    close: () => rm(scratch, { recursive: true, force: true }),
  };
}

async function createDirectoryWorld(input: string, place: string): Promise<World> {
  const roots = new Map([
    [IN, input],
    [TEMP, path.join(place, TEMP)],
    [OUT, path.join(place, OUT)],
  ]);
  for (const root of roots.values()) await mkdir(root, { recursive: true });
  return {
    store: createBusyStore(createDirectoryStore(roots)),
    // A file that was never given its name, as the store itself would have left it.
    async leaveHalf({ bucket, objectKey }, bytes) {
      const directory = path.dirname(path.join(roots.get(bucket) ?? place, objectKey));
      await mkdir(directory, { recursive: true });
      await writeFile(path.join(directory, `.unfinished-${randomBytes(8).toString('hex')}`), bytes);
    },
    inputDirectory: input,
    close: () => rm(place, { recursive: true, force: true }),
  };
}
