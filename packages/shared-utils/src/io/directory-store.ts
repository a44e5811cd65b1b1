import { randomBytes } from 'node:crypto';
import { type BigIntStats, constants, type Dirent } from 'node:fs';
import {
  type FileHandle,
  link,
  mkdir,
  open,
  readdir,
  realpath,
  rename,
  rmdir,
  stat,
  unlink,
} from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import {
  InputChangedError,
  InputNotFoundError,
  InvalidInputError,
  UnsupportedInputError,
} from '../domain/errors';
import { escapeUnprintable, quote } from '../domain/quote';
import { compareBytes, encodeWtf8 } from '../domain/wtf8';
import { mapConcurrently } from './map-concurrently';
import type {
  ListedObject,
  ObjectRef,
  ObjectStat,
  ObjectStore,
  ObjectWriter,
  ReadOptions,
} from './object-store';

const READ_BYTES = 1024 * 1024;

/** What ext4, APFS and NTFS allow in one name. */
const MAX_SEGMENT_BYTES = 255;

/** An unfinished write. A process that is killed leaves it behind; it is never listed nor taken for an object. */
const UNFINISHED = /^\.unfinished-[0-9a-f]{16}$/;

/** Calls in flight over many files; libuv runs four at a time, the rest only keeps it busy. */
const CONCURRENCY = 16;

interface Location {
  readonly root: string;
  readonly directory: string;
  readonly path: string;
}

/**
 * Objects as files: a bucket is a directory, given by its absolute path, and a key a relative path in it.
 * An object appears whole or not at all and is on disk when the call returns, so a power cut loses none.
 *
 * Symbolic links are followed when reading; a listing shows links to files but does not enter linked
 * directories. A write replaces a link instead of following it, and is refused where a linked directory
 * would lead it out of the bucket.
 */
export function createDirectoryStore(roots: ReadonlyMap<string, string>): ObjectStore {
  const prepared = new Set<string>();

  const locate = ({ bucket, objectKey }: ObjectRef): Location => {
    const root = rootOf(roots, bucket);
    requireValidKey(objectKey);
    const path = join(root, objectKey);
    return { root, path, directory: dirname(path) };
  };

  return {
    async head(ref) {
      const { handle, stats } = await openRegularFile(locate(ref).path);
      await handle.close();
      return { size: Number(stats.size), etag: etagOf(stats) };
    },

    async *read(ref, options = {}) {
      const { path } = locate(ref);
      if (options.range !== undefined && options.range.end <= options.range.start) return;
      const { handle, stats } = await openRegularFile(path);
      try {
        yield* readRange(handle, stats, path, options);
      } finally {
        await handle.close();
      }
    },

    async put(ref, bytes, { ifNoneMatch = false } = {}) {
      const file = createUnfinishedFile(locate(ref), prepared);
      try {
        await file.write(bytes);
        return await file.publish(ifNoneMatch);
      } catch (error) {
        // What failed first is what the caller must hear of.
        await file.discard().catch(() => {});
        throw error;
      }
    },

    createWriter(ref): ObjectWriter {
      const file = createUnfinishedFile(locate(ref), prepared);
      return {
        write: file.write,
        close: async () => {
          await file.publish(false);
        },
        abort: file.discard,
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
      await mapConcurrently(locations, CONCURRENCY, ({ path }) => removeFile(path));
      const directories = new Map(locations.map(({ directory, root }) => [directory, root]));
      for (const [directory, root] of directories) await pruneEmpty(directory, root);
    },

    uri: ({ bucket, objectKey }) => join(roots.get(bucket) ?? bucket, objectKey),
  };
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
    if (UNFINISHED.test(segment)) return 'a name kept for unfinished writes';
    if (Buffer.byteLength(segment) > MAX_SEGMENT_BYTES) return `a segment of over ${MAX_SEGMENT_BYTES} bytes`;
  }
  return null;
}

function etagOf({ size, mtimeNs, ino }: BigIntStats): string {
  return `${size}-${mtimeNs}-${ino}`;
}

/** O_NONBLOCK keeps the opening of a FIFO or a device from waiting for its other side. */
async function openRegularFile(path: string): Promise<{ handle: FileHandle; stats: BigIntStats }> {
  const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(failRead(path));
  try {
    const stats = await handle.stat({ bigint: true });
    if (stats.isFile()) return { handle, stats };
    throw new UnsupportedInputError(
      `${escapeUnprintable(path)}: expected a regular file, got ${kindOf(stats)}`,
    );
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function kindOf(stats: BigIntStats): string {
  if (stats.isDirectory()) return 'a directory';
  if (stats.isFIFO()) return 'a FIFO';
  if (stats.isSocket()) return 'a socket';
  return 'a device';
}

async function* readRange(
  handle: FileHandle,
  stats: BigIntStats,
  path: string,
  { range, ifMatch }: ReadOptions,
): AsyncGenerator<Uint8Array> {
  const { start, end } = range ?? { start: 0, end: Number(stats.size) };
  requireUnchanged(path, ifMatch, stats);
  for (let at = start; at < end; ) {
    // A buffer of its own for every piece: the consumer may keep it or hand it to another thread.
    const buffer = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, end - at));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at).catch(failRead(path));
    if (bytesRead === 0) {
      throw new InputChangedError(`${escapeUnprintable(path)}: expected at least ${end} bytes, got ${at}`);
    }
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
  if (ifMatch !== undefined) requireUnchanged(path, ifMatch, await handle.stat({ bigint: true }));
}

function requireUnchanged(path: string, ifMatch: string | undefined, stats: BigIntStats): void {
  const etag = etagOf(stats);
  if (ifMatch === undefined || ifMatch === etag) return;
  throw new InputChangedError(
    `${escapeUnprintable(path)}: expected etag ${quote(ifMatch)}, got "${etag}"; the file has changed, start a new run`,
  );
}

interface UnfinishedFile {
  write(bytes: Uint8Array): Promise<void>;
  /** Makes the file visible under its name; false where `isExclusive` and the name is taken. */
  publish(isExclusive: boolean): Promise<boolean>;
  discard(): Promise<void>;
}

/** A file beside the final one, so that the last step is a rename or a link and therefore atomic. */
function createUnfinishedFile({ root, directory, path }: Location, prepared: Set<string>): UnfinishedFile {
  const unfinished = join(directory, `.unfinished-${randomBytes(8).toString('hex')}`);
  let handle: FileHandle | null = null;
  let exists = false;

  const opened = async (): Promise<FileHandle> => {
    handle ??= await createFile(unfinished, directory, root, prepared);
    exists = true;
    return handle;
  };
  const closeHandle = async () => {
    const closing = handle;
    handle = null;
    await closing?.close();
  };
  const publish = async (isExclusive: boolean): Promise<boolean> => {
    await (await opened()).sync();
    await closeHandle();
    const isPublished = isExclusive ? await linkExclusively(unfinished, path) : true;
    await (isExclusive ? unlink(unfinished) : rename(unfinished, path));
    exists = false;
    if (isPublished) await syncDirectory(directory);
    return isPublished;
  };

  return {
    write: (bytes) =>
      opened()
        .then((file) => writeAll(file, bytes))
        .catch(failWrite(path)),
    publish: (isExclusive) => publish(isExclusive).catch(failWrite(path)),
    async discard() {
      await closeHandle();
      if (!exists) return;
      await removeFile(unfinished);
      exists = false;
      await pruneEmpty(directory, root);
    },
  };
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    at += (await file.write(bytes, at, bytes.length - at)).bytesWritten;
  }
}

async function linkExclusively(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** A directory that was there may be pruned at any moment by a `delete` beside us: then it is made again. */
async function createFile(
  path: string,
  directory: string,
  root: string,
  prepared: Set<string>,
): Promise<FileHandle> {
  for (let attempt = 0; ; attempt++) {
    try {
      if (!prepared.has(directory)) await prepareDirectory(directory, root, await prepareRoot(root));
      prepared.add(directory);
      return await open(path, 'wx');
    } catch (error) {
      prepared.delete(directory);
      if (codeOf(error) !== 'ENOENT' || attempt === 9) throw error;
    }
  }
}

async function prepareRoot(root: string): Promise<string> {
  await mkdir(root, { recursive: true });
  return realpath(root);
}

/** Makes one level at a time, so that no directory is made behind a link that leads out of the root. */
async function prepareDirectory(directory: string, root: string, realRoot: string): Promise<void> {
  if (directory === root) return;
  await prepareDirectory(dirname(directory), root, realRoot);
  const isNew = await mkdir(directory).then(
    () => true,
    (error) => {
      if (codeOf(error) === 'EEXIST') return false;
      throw error;
    },
  );
  if (isNew) return syncDirectory(dirname(directory));
  if ((await realpath(directory)).startsWith(join(realRoot, sep))) return;
  throw new InvalidInputError(
    `${escapeUnprintable(directory)}: expected a directory in ${escapeUnprintable(root)}, got a link out of it`,
  );
}

/** A rename or a link is only safe from a power cut once its directory is; Windows cannot do this. */
async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR', 'EISDIR'].includes(codeOf(error))) failWrite(path)(error);
  }
}

/** A directory that is not empty, or is a link, stays; so does the root. */
async function pruneEmpty(directory: string, root: string): Promise<void> {
  for (let at = directory; at !== root; at = dirname(at)) {
    try {
      await rmdir(at);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') return;
    }
  }
}

/** A directory that goes away meanwhile has no objects; the root must be there. */
async function* listDirectory(
  directory: string,
  folder: string,
  namePrefix: string,
  isRoot: boolean,
): AsyncGenerator<ListedObject> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error) => {
    if (!isRoot && ['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return [];
    return failRead(directory)(error);
  });
  const named = entries.filter(({ name }) => name.startsWith(namePrefix) && !UNFINISHED.test(name));
  for (const batch of batchesOf(inKeyOrder(named), CONCURRENCY * 16)) {
    const stats = await mapConcurrently(batch, CONCURRENCY, (entry) => statListed(directory, entry));
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
    return stats.isFile() ? { size: Number(stats.size), etag: etagOf(stats) } : null;
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

function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code ?? '');
}

function failRead(path: string): (cause: unknown) => never {
  const where = escapeUnprintable(path);
  return (cause) => {
    switch (codeOf(cause)) {
      case 'ENOENT':
      case 'ENOTDIR':
        throw new InputNotFoundError(`${where}: expected a file, got nothing; check the path`, { cause });
      case 'EACCES':
      case 'EPERM':
        throw new InputNotFoundError(`${where}: permission denied; make it readable`, { cause });
      case 'ELOOP':
        throw new UnsupportedInputError(`${where}: expected a regular file, got a loop of symbolic links`, {
          cause,
        });
      case 'ENXIO':
        throw new UnsupportedInputError(`${where}: expected a regular file, got a socket or a device`, {
          cause,
        });
      default:
        throw describeFailure(where, cause);
    }
  };
}

function failWrite(path: string): (cause: unknown) => never {
  return (cause) => {
    throw cause instanceof InvalidInputError ? cause : describeFailure(escapeUnprintable(path), cause);
  };
}

const ADVICE: Readonly<Record<string, string>> = {
  EACCES: 'permission denied; make the directory writable',
  EDQUOT: 'over the disk quota; free some space or choose another directory',
  EEXIST: 'expected a directory, got a file; rename one of the two',
  EFBIG: 'over the file size limit; raise it (ulimit -f)',
  EISDIR: 'expected a file, got a directory; rename one of the two',
  ELOOP: 'got a loop of symbolic links; remove it',
  EMFILE: 'too many open files; raise the limit (ulimit -n) or lower the concurrency',
  ENAMETOOLONG: 'longer than the file system allows; choose a shorter name',
  ENFILE: 'too many open files on this machine; close some programs',
  ENOSPC: 'no space left on the device; free some space or choose another directory',
  ENOTDIR: 'expected a directory, got a file; rename one of the two',
  ENOTSUP: 'the file system has no hard links; choose another directory',
  EPERM: 'the file system does not permit it (it may have no hard links); choose another directory',
  EROFS: 'read-only file system; choose another directory',
};

function describeFailure(where: string, cause: unknown): Error {
  const code = codeOf(cause);
  const advice = ADVICE[code] ?? (cause instanceof Error ? cause.message : String(cause));
  return new Error(`${where}: ${advice}${code === '' ? '' : ` (${code})`}`, { cause });
}
