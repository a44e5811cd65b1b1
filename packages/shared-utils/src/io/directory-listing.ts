import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UnsupportedInputError } from '../domain/errors';
import { escapeUnprintable } from '../domain/quote';
import { compareBytes, encodeWtf8 } from '../domain/wtf8';
import { codeOf, failRead } from './file-errors';
import { mapConcurrently } from './map-concurrently';
import type { ListedObject, ObjectStat } from './object-store';
import { toObjectStat } from './regular-file';
import { isUnfinished } from './unfinished-file';

const STATS_IN_FLIGHT = 16;
const STATS_AT_ONCE = 256;

/** A directory that goes away meanwhile has no objects; the root must be there. */
export async function* listDirectory(
  directory: string,
  folder: string,
  namePrefix: string,
  isRoot: boolean,
): AsyncGenerator<ListedObject> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error) => {
    if (!isRoot && ['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return [];
    return failRead(directory)(error);
  });
  const named = entries.filter(({ name }) => name.startsWith(namePrefix) && !isUnfinished(name));
  for (const batch of batchesOf(inKeyOrder(named), STATS_AT_ONCE)) {
    const stats = await mapConcurrently(batch, STATS_IN_FLIGHT, (entry) => statListed(directory, entry));
    for (const [index, { name }] of batch.entries()) {
      const found = stats[index];
      if (found === 'directory') yield* listDirectory(join(directory, name), `${folder}${name}/`, '', false);
      else if (found) yield { objectKey: folder + name, ...found };
    }
  }
}

/** A directory sorts by its name with the slash: that is how the keys below it go on. */
function inKeyOrder(entries: readonly Dirent[]): Dirent[] {
  return entries
    .map((entry) => ({ entry, bytes: encodeWtf8(entry.isDirectory() ? `${entry.name}/` : entry.name) }))
    .sort((a, b) => compareBytes(a.bytes, b.bytes))
    .map(({ entry }) => entry);
}

function* batchesOf<Item>(items: readonly Item[], size: number): Generator<Item[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}

async function statListed(directory: string, entry: Dirent): Promise<ObjectStat | 'directory' | null> {
  if (entry.isDirectory()) return 'directory';
  if (!entry.isFile() && !entry.isSymbolicLink()) return null;
  const path = join(directory, entry.name);
  try {
    const stats = await stat(path, { bigint: true });
    return stats.isFile() ? toObjectStat(stats) : null;
  } catch (error) {
    if (entry.name.includes('\ufffd')) {
      throw new UnsupportedInputError(
        `${escapeUnprintable(path)}: expected a file name in UTF-8; rename it`,
        {
          cause: error,
        },
      );
    }
    if (['ENOENT', 'ELOOP'].includes(codeOf(error))) return null;
    return failRead(path)(error);
  }
}
