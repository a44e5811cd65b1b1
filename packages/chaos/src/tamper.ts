import { readBytes } from '@mapreduce/shared-utils';
import { type Job, TEMP } from './job';
import { type Conduct, executeJob, type RunReport } from './run';
import type { TaskState } from './stages';
import type { World } from './world';

/** The temporary objects of a run, by key. */
export type Parts = ReadonlyMap<string, Uint8Array>;

/** Executes a job, and lets `tamper` loose on its world before the first task of a state begins. */
export async function executeTampered(
  job: Job,
  world: World,
  before: TaskState,
  tamper: () => Promise<void>,
): Promise<RunReport> {
  let tampering: Promise<void> | null = null;
  const conduct: Conduct = async ({ state }, perform) => {
    if (state === before) {
      tampering ??= tamper();
      await tampering;
    }
    return perform(world.store);
  };
  return executeJob(job, { conduct });
}

export async function readParts({ store }: World): Promise<Map<string, Uint8Array>> {
  const parts = new Map<string, Uint8Array>();
  for await (const { objectKey } of store.list(TEMP, '')) {
    parts.set(objectKey, await readBytes(store, { bucket: TEMP, objectKey }));
  }
  return parts;
}

export async function writePart({ store }: World, objectKey: string, bytes: Uint8Array): Promise<void> {
  await store.put({ bucket: TEMP, objectKey }, bytes);
}

/** What a stage writes and a later one reads, and the first state that does. */
export const PART_KINDS: readonly {
  readonly name: string;
  readonly key: RegExp;
  readonly readBy: TaskState;
}[] = [
  { name: 'plan', key: /\/plan\.json$/, readBy: 'MapSplit' },
  { name: 'splits', key: /\/plan-[^/]+\.jsonl$/, readBy: 'MapSplit' },
  { name: 'split index', key: /\/plan-[^/]+\.index$/, readBy: 'MapSplit' },
  { name: 'map record', key: /\/map\/\d+\.json$/, readBy: 'Group' },
  { name: 'segments', key: /\/shuffle\/[^/]+\.bin$/, readBy: 'ReducePartition' },
  { name: 'partitions', key: /\/partitions\/\d+\.jsonl$/, readBy: 'ReducePartition' },
  { name: 'partition index', key: /\/partitions\/\d+\.index$/, readBy: 'ReducePartition' },
  { name: 'groups', key: /\/groups\/\d+\.json$/, readBy: 'Commit' },
  { name: 'reduce record', key: /\/reduce\/\d+\.json$/, readBy: 'Commit' },
  { name: 'inputs', key: /\/inputs-[^/]+\.jsonl$/, readBy: 'Commit' },
];
