import { type Dirent, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UnsupportedInputError } from '../domain/errors';
import { escapeUnprintable } from '../domain/quote';
import { compareBytes, encodeWtf8 } from '../domain/wtf8';
import { codeOf, failRead } from './file-errors';
import { giveWay } from './give-way';
import type { ListedObject, ObjectStat } from './object-store';
import { toObjectStat } from './regular-file';
import { isUnfinished } from './unfinished-file';

/** A directory that goes away meanwhile has no objects; the root must be there. */
export async function* listDirectory(
  directory: string,
  folder: string,
  namePrefix: string,
  isRoot: boolean,
): AsyncGenerator<ListedObject> {
  await giveWay();
  const entries = readEntries(directory, isRoot);
  const named = entries.filter(({ name }) => name.startsWith(namePrefix) && !isUnfinished(name));
  for (const entry of inKeyOrder(named)) {
    if (entry.isDirectory()) {
      yield* listDirectory(join(directory, entry.name), `${folder}${entry.name}/`, '', false);
      continue;
    }
    await giveWay();
    const stats = statListed(directory, entry);
    if (stats !== null) yield { objectKey: folder + entry.name, ...stats };
  }
}

function readEntries(directory: string, isRoot: boolean): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    if (!isRoot && ['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return [];
    return failRead(directory)(error);
  }
}

/** A directory sorts by its name with the slash: that is how the keys below it go on. */
function inKeyOrder(entries: readonly Dirent[]): Dirent[] {
  return entries
    .map((entry) => ({ entry, bytes: encodeWtf8(entry.isDirectory() ? `${entry.name}/` : entry.name) }))
    .sort((a, b) => compareBytes(a.bytes, b.bytes))
    .map(({ entry }) => entry);
}

function statListed(directory: string, entry: Dirent): ObjectStat | null {
  if (!entry.isFile() && !entry.isSymbolicLink()) return null;
  const path = join(directory, entry.name);
  try {
    const stats = statSync(path, { bigint: true });
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
