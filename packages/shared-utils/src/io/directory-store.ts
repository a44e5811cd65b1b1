import { closeSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { InputNotFoundError, InvalidInputError } from '../domain/errors';
import { quote } from '../domain/quote';
import { listDirectory } from './directory-listing';
import { giveWay } from './give-way';
import type { ObjectRef, ObjectStore, ObjectWriter } from './object-store';
import { openRegularFile, readRange, toObjectStat } from './regular-file';
import {
  createUnfinishedFile,
  type FileLocation,
  isUnfinished,
  pruneEmpty,
  removeFile,
  type UnfinishedFile,
} from './unfinished-file';

/** What ext4, APFS and NTFS allow in one name. */
const MAX_SEGMENT_BYTES = 255;

/**
 * Objects as files: a bucket is a directory, given by its absolute path, and a key a relative path in it.
 * An object appears whole or not at all. When it reaches the disk is up to the system: whoever promises it for
 * good sees to that.
 *
 * Files are read and written synchronously, a piece at a time: that takes a tenth of the time which handing
 * such short calls to another thread and back takes.
 *
 * Symbolic links are followed when reading; a listing shows links to files but does not enter linked
 * directories. A write replaces a link instead of following it, and is refused where a linked directory
 * would lead it out of the bucket.
 */
export function createDirectoryStore(roots: ReadonlyMap<string, string>): ObjectStore {
  const prepared = new Set<string>();

  const locate = ({ bucket, objectKey }: ObjectRef): FileLocation => {
    const root = rootOf(roots, bucket);
    requireValidKey(objectKey);
    const path = join(root, objectKey);
    return { root, path, directory: dirname(path) };
  };

  return {
    async head(ref) {
      await giveWay();
      const { file, stats } = openRegularFile(locate(ref).path);
      closeSync(file);
      return toObjectStat(stats);
    },

    async *read(ref, options = {}) {
      const { path } = locate(ref);
      if (options.range !== undefined && options.range.end <= options.range.start) return;
      const { file, stats } = openRegularFile(path);
      try {
        yield* readRange(file, stats, path, options);
      } finally {
        closeSync(file);
      }
    },

    async put(ref, bytes, { ifNoneMatch = false } = {}) {
      await giveWay();
      const file = createUnfinishedFile(locate(ref), prepared);
      try {
        file.write(bytes);
        return file.publish(ifNoneMatch);
      } catch (error) {
        discardQuietly(file);
        throw error;
      }
    },

    createWriter(ref): ObjectWriter {
      const file = createUnfinishedFile(locate(ref), prepared);
      return {
        write: async (bytes) => {
          await giveWay();
          file.write(bytes);
        },
        close: async () => {
          file.publish(false);
        },
        abort: async () => file.discard(),
      };
    },

    async *list(bucket, prefix) {
      const root = rootOf(roots, bucket);
      const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
      if (folder !== '') requireValidKey(folder.slice(0, -1));
      yield* listDirectory(join(root, folder), folder, prefix.slice(folder.length), folder === '');
    },

    async delete(refs) {
      const locations = refs.map(locate);
      for (const { path } of locations) {
        await giveWay();
        removeFile(path);
      }
      const directories = new Map(locations.map(({ directory, root }) => [directory, root]));
      for (const [directory, root] of directories) pruneEmpty(directory, root);
    },

    uri: ({ bucket, objectKey }) => join(roots.get(bucket) ?? bucket, objectKey),
  };
}

/** What failed first is what the caller must hear of. */
function discardQuietly(file: UnfinishedFile): void {
  try {
    file.discard();
  } catch {}
}

function rootOf(roots: ReadonlyMap<string, string>, bucket: string): string {
  const root = roots.get(bucket);
  if (root !== undefined) return resolve(root);
  throw new InputNotFoundError(`bucket ${quote(bucket)}: no directory stands for it`);
}

/** @throws InvalidInputError for a key that could leave its root or that no file can be named by. */
function requireValidKey(key: string): void {
  const problem = keyProblem(key);
  if (problem !== null) {
    throw new InvalidInputError(`object key ${quote(key)}: expected a relative path, got ${problem}`);
  }
}

function keyProblem(key: string): string | null {
  if (key === '') return 'an empty key';
  if (key.startsWith('/')) return 'an absolute path';
  if (key.includes('\0')) return 'a NUL';
  if (key.includes('\\')) return 'a backslash';
  if (!key.isWellFormed()) return 'a lone surrogate, which no file name can hold';
  for (const segment of key.split('/')) {
    if (segment === '') return 'an empty segment';
    if (segment === '.' || segment === '..') return `the segment "${segment}"`;
    if (isUnfinished(segment)) return 'a name kept for unfinished writes';
    if (Buffer.byteLength(segment) > MAX_SEGMENT_BYTES) return `a segment of over ${MAX_SEGMENT_BYTES} bytes`;
  }
  return null;
}
