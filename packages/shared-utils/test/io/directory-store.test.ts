import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDirectoryStore } from '../../src';
import { describeObjectStore } from '../../testing';

describeObjectStore('a directory', async () => {
  const root = await mkdtemp(join(tmpdir(), 'directory-store-'));
  return {
    store: createDirectoryStore(new Map([['bucket', root]])),
    bucket: 'bucket',
    countOpenHandles: () => countOpenFiles(root),
    close: () => rm(root, { recursive: true }),
  };
});

/** Only Linux shows a process its open files. */
async function countOpenFiles(root: string): Promise<number> {
  if (process.platform !== 'linux') return 0;
  const descriptors = await readdir('/proc/self/fd');
  const targets = await Promise.all(descriptors.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
  return targets.filter((target) => target.startsWith(root)).length;
}
