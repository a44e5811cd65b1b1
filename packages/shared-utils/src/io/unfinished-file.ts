import { randomBytes } from 'node:crypto';
import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { InvalidInputError } from '../domain/errors';
import { escapeUnprintable } from '../domain/quote';
import { codeOf, failWrite } from './file-errors';

/** A process that is killed leaves such a file behind; it is never listed nor taken for an object. */
const UNFINISHED = /^\.unfinished-[0-9a-f]{16}$/;

/**
 * Linux caches a larger write in larger stretches of memory, and those are slow to get on a virtual machine:
 * writes of 16 MiB took ten times as long as these where memory had been idle, those of 1 MiB up to twice.
 */
const WRITE_BYTES = 128 * 1024;

/** Where a file is, or shall be: `path` in `directory`, which is `root` or below it. */
export interface FileLocation {
  readonly root: string;
  readonly directory: string;
  readonly path: string;
}

export interface UnfinishedFile {
  write(bytes: Uint8Array): void;
  /** Makes the file visible under its name; false where `isExclusive` and the name is taken. */
  publish(isExclusive: boolean): boolean;
  discard(): void;
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
  let file: number | null = null;
  let exists = false;

  const opened = (): number => {
    file ??= createFile(unfinished, directory, root, prepared);
    exists = true;
    return file;
  };
  const close = () => {
    const closing = file;
    file = null;
    if (closing !== null) closeSync(closing);
  };
  const attempt = <Result>(write: () => Result): Result => {
    try {
      return write();
    } catch (error) {
      return failWrite(path)(error);
    }
  };

  return {
    write: (bytes) => attempt(() => writeAll(opened(), bytes)),
    publish: (isExclusive) =>
      attempt(() => {
        opened();
        close();
        const isPublished = isExclusive ? linkExclusively(unfinished, path) : true;
        if (isExclusive) unlinkSync(unfinished);
        else renameSync(unfinished, path);
        exists = false;
        return isPublished;
      }),
    discard() {
      close();
      if (!exists) return;
      removeFile(unfinished);
      exists = false;
      pruneEmpty(directory, root);
    },
  };
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) {
    at += writeSync(file, bytes, at, Math.min(bytes.length - at, WRITE_BYTES));
  }
}

function linkExclusively(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** A directory that was there may be pruned at any moment by a `delete` beside us: then it is made again. */
function createFile(path: string, directory: string, root: string, prepared: Set<string>): number {
  for (let attempt = 0; ; attempt++) {
    try {
      if (!prepared.has(directory)) prepareDirectory(directory, root, prepareRoot(root));
      prepared.add(directory);
      return openSync(path, 'wx');
    } catch (error) {
      prepared.delete(directory);
      if (codeOf(error) !== 'ENOENT' || attempt === 9) throw error;
    }
  }
}

function prepareRoot(root: string): string {
  mkdirSync(root, { recursive: true });
  return realpathSync.native(root);
}

/** Makes one level at a time, so that no directory is made behind a link that leads out of the root. */
function prepareDirectory(directory: string, root: string, realRoot: string): void {
  if (directory === root) return;
  prepareDirectory(dirname(directory), root, realRoot);
  try {
    mkdirSync(directory);
    return;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  if (realpathSync.native(directory).startsWith(join(realRoot, sep))) return;
  throw new InvalidInputError(
    `${escapeUnprintable(directory)}: expected a directory in ${escapeUnprintable(root)}, got a link out of it`,
  );
}

export function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR', 'EISDIR'].includes(codeOf(error))) failWrite(path)(error);
  }
}

/** A directory that is not empty, or is a link, stays; so does the root. */
export function pruneEmpty(directory: string, root: string): void {
  for (let at = directory; at !== root; at = dirname(at)) {
    try {
      rmdirSync(at);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') return;
    }
  }
}
