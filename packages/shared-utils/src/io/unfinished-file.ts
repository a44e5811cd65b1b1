import { randomBytes } from 'node:crypto';
import { type FileHandle, link, mkdir, open, realpath, rename, rmdir, unlink } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { InvalidInputError } from '../domain/errors';
import { escapeUnprintable } from '../domain/quote';
import { codeOf, failWrite } from './file-errors';

/** A process that is killed leaves such a file behind; it is never listed nor taken for an object. */
const UNFINISHED = /^\.unfinished-[0-9a-f]{16}$/;

/** Where a file is, or shall be: `path` in `directory`, which is `root` or below it. */
export interface FileLocation {
  readonly root: string;
  readonly directory: string;
  readonly path: string;
}

export interface UnfinishedFile {
  write(bytes: Uint8Array): Promise<void>;
  /** Makes the file visible under its name; false where `isExclusive` and the name is taken. */
  publish(isExclusive: boolean): Promise<boolean>;
  discard(): Promise<void>;
}

export function isUnfinished(name: string): boolean {
  return UNFINISHED.test(name);
}

/** A file beside the final one, so that the last step is a rename or a link and therefore atomic. */
export function createUnfinishedFile(
  { root, directory, path }: FileLocation,
  prepared: Set<string>,
): UnfinishedFile {
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

export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR', 'EISDIR'].includes(codeOf(error))) failWrite(path)(error);
  }
}

/** A directory that is not empty, or is a link, stays; so does the root. */
export async function pruneEmpty(directory: string, root: string): Promise<void> {
  for (let at = directory; at !== root; at = dirname(at)) {
    try {
      await rmdir(at);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') return;
    }
  }
}
