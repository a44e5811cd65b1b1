import type { Dirent, Stats } from 'node:fs';
import { glob, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import {
  InputNotFoundError,
  InvalidInputError,
  mapConcurrently,
  quote,
  UnsupportedInputError,
} from '@mapreduce/shared-utils';

/** A regular file: the directory it was found through is its bucket. */
interface LocalInput {
  readonly directory: string;
  /** Relative to the directory, with `/`. */
  readonly key: string;
  readonly size: number;
}

export interface LocalInputs {
  readonly files: readonly LocalInput[];
  readonly totalBytes: number;
  /** Directories given as arguments, absolute: no output may go into them. */
  readonly directories: readonly string[];
}

const CONCURRENT_STATS = 64;

/**
 * Every regular file that the arguments name: files, directories (all the way down, names with a leading
 * dot left out, links to directories not followed) and glob patterns; in the order of the arguments, by
 * name within one. @throws InputNotFoundError, InvalidInputError for a duplicate, UnsupportedInputError
 */
export async function findLocalInputs(args: readonly string[]): Promise<LocalInputs> {
  const files: LocalInput[] = [];
  const directories: string[] = [];
  const seen = new Map<string, string>();
  for (const arg of args) {
    const found = await expand(arg);
    if (found.directory !== undefined) directories.push(found.directory);
    const stats = await mapConcurrently(found.paths, CONCURRENT_STATS, statRegularFile);
    for (const [index, file] of found.paths.entries()) {
      const { dev, ino, size } = stats[index] as Stats;
      refuseDuplicate(seen, `${dev}:${ino}`, file);
      const directory = found.directory ?? path.dirname(file);
      files.push({ directory, key: path.relative(directory, file).split(path.sep).join('/'), size });
    }
  }
  return { files, totalBytes: files.reduce((sum, { size }) => sum + size, 0), directories };
}

interface Expanded {
  readonly directory?: string;
  readonly paths: readonly string[];
}

async function expand(arg: string): Promise<Expanded> {
  if (arg === '') throw new InvalidInputError('input: expected a path or glob pattern, got an empty one');
  const absolute = path.resolve(arg);
  const stats = await statOrNull(absolute);
  if (stats?.isDirectory() === true) {
    const paths = await walk(absolute);
    if (paths.length === 0) throw new InputNotFoundError(`${absolute}: expected at least one file, got none`);
    return { directory: absolute, paths };
  }
  if (stats !== null) return { paths: [absolute] };
  if (arg === '-') {
    throw new InputNotFoundError(
      '-: expected a file, got standard input; write it to a file first: the input is read in parts',
    );
  }
  if (!/[*?[{]/.test(arg)) {
    throw new InputNotFoundError(
      `${absolute}: expected a file or directory, got nothing there; check the path`,
    );
  }
  return { paths: await expandGlob(arg) };
}

/** A directory that matches stands for the files in it, as it does when the shell expands the pattern. */
async function expandGlob(pattern: string): Promise<string[]> {
  const matches = await Array.fromAsync(glob(pattern));
  const paths = new Set<string>();
  for (const match of matches.map((found) => path.resolve(found)).sort(byUtf8)) {
    const isDirectory = (await statOrNull(match))?.isDirectory() === true;
    for (const file of isDirectory ? await walk(match) : [match]) paths.add(file);
  }
  if (paths.size === 0) {
    throw new InputNotFoundError(`glob ${quote(pattern)}: expected at least one file to match, got none`);
  }
  return [...paths];
}

async function walk(directory: string): Promise<string[]> {
  const paths: string[] = [];
  await collectFiles(directory, paths);
  return paths;
}

async function collectFiles(directory: string, paths: string[]): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => byUtf8(a.name, b.name))) {
    if (entry.name.startsWith('.')) continue;
    const found = path.join(directory, entry.name);
    if (entry.isDirectory()) await collectFiles(found, paths);
    else if (!(await isLinkToDirectory(entry, found))) paths.push(found);
  }
}

async function isLinkToDirectory(entry: Dirent, file: string): Promise<boolean> {
  return entry.isSymbolicLink() && (await statOrNull(file))?.isDirectory() === true;
}

/** Before anything is opened: opening a pipe would wait for ever. */
async function statRegularFile(file: string): Promise<Stats> {
  const stats = await statOrNull(file);
  if (stats === null) throw new InputNotFoundError(`${file}: expected a file, got a link to nothing`);
  if (!stats.isFile()) {
    throw new UnsupportedInputError(`${file}: expected a regular file, got a pipe, socket or device`);
  }
  return stats;
}

async function statOrNull(file: string): Promise<Stats | null> {
  try {
    return await stat(file);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new InputNotFoundError(`${file}: expected a readable file, got ${code ?? message}`, { cause });
  }
}

/** The same bytes counted twice is never what was meant, under whatever names they were given. */
function refuseDuplicate(seen: Map<string, string>, identity: string, file: string): void {
  const other = seen.get(identity);
  if (other !== undefined) {
    const same = other === file ? 'it twice' : `the same file as ${other}`;
    throw new InvalidInputError(`${file}: expected each input once, got ${same}; duplicate input`);
  }
  seen.set(identity, file);
}

function byUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
