import { appendFile, open, truncate } from 'node:fs/promises';
import path from 'node:path';
import { readBytes } from '@mapreduce/shared-utils';
import { IN, type Job } from './job';
import type { World } from './world';

const MORE = Buffer.from('{"url":"https://more.example"}\n');

/** What happens to an input file; files on a disk are changed in place, under whoever has them open. */
export const INPUT_CHANGES = ['overwritten', 'grown', 'truncated', 'deleted'] as const;
export type InputChange = (typeof INPUT_CHANGES)[number];

export async function changeInput(world: World, objectKey: string, change: InputChange): Promise<void> {
  const { store, inputDirectory } = world;
  const ref = { bucket: IN, objectKey };
  if (change === 'deleted') return store.delete([ref]);
  const bytes = changedBytes(await readBytes(store, ref), change);
  if (inputDirectory === null) {
    await store.put(ref, bytes);
    return;
  }
  const file = path.join(inputDirectory, objectKey);
  if (change === 'grown') return appendFile(file, MORE);
  if (change === 'truncated') return truncate(file, bytes.length);
  const handle = await open(file, 'r+');
  await handle.write(bytes).finally(() => handle.close());
}

/** The job over the input as it is after the change; null where there is none. */
export function changedJob(job: Job, objectKey: string, change: InputChange): Job | null {
  if (change === 'deleted') return null;
  const files = job.files.map((file) =>
    file.key === objectKey ? { ...file, bytes: changedBytes(file.bytes, change) } : file,
  );
  return { ...job, files };
}

/** Other lines of the same length, one line more, or the first half of the lines. */
function changedBytes(bytes: Uint8Array, change: Exclude<InputChange, 'deleted'>): Uint8Array {
  if (change === 'grown') return Buffer.concat([bytes, MORE]);
  if (change === 'truncated') return bytes.slice(0, bytes.lastIndexOf(0x0a, bytes.length >> 1) + 1);
  return Buffer.from(Buffer.from(bytes).toString('latin1').replaceAll('a.example', 'b.example'), 'latin1');
}
