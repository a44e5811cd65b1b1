import { mkdir, open, readdir, realpath, rename, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { InvalidInputError, OutputExistsError } from '@mapreduce/shared-utils';
import type { LocalInputs } from './local-inputs';
import { isLockName, STAGING, takeStaging } from './output-lock';

const MANIFEST = 'manifest.json';
const OURS = /^(bucket_\d+\.json|manifest\.json|rejects|rejects\.failed)$/;

/**
 * A local run works in `<out>/.mapreduce`, which is also its lock, and moves its files up when all are
 * there, the manifest last. So a reader sees the old output, none, or the new one, and what a killed run
 * leaves behind is cleared by the next.
 */
export class OutputDirectory {
  /** Absolute. */
  readonly path: string;
  readonly #hasEarlierOutput: boolean;
  /** What this run had to make, outermost first, and takes away again if it leaves nothing in it. */
  readonly #made: string | null;

  private constructor(directory: string, hasEarlierOutput: boolean, made: string | null) {
    this.path = directory;
    this.#hasEarlierOutput = hasEarlierOutput;
    this.#made = made;
  }

  /**
   * Checks the place, creates it where it is missing and locks it, before any work.
   * @throws OutputExistsError, InvalidInputError
   */
  static async open(out: string, inputs: LocalInputs, overwrite: boolean): Promise<OutputDirectory> {
    if (out === '') throw new InvalidInputError('--out: expected a directory, got an empty path');
    const directory = path.resolve(out);
    const real = await realpathToBe(directory);
    await refuseOverlap(real, inputs);
    const made = await makeDirectory(real);
    const entries = (await readdir(real)).filter((name) => !isLockName(name));
    const foreign = entries.find((name) => !OURS.test(name));
    if (foreign !== undefined) {
      throw new OutputExistsError(
        `${directory}: expected an empty directory or an earlier output, got ${JSON.stringify(foreign)} in it; choose another --out`,
      );
    }
    const hasEarlierOutput = entries.includes(MANIFEST);
    if (hasEarlierOutput && !overwrite) {
      throw new OutputExistsError(
        `${directory}: expected no output yet, got a ${MANIFEST}; choose another --out or replace it with --overwrite`,
      );
    }
    await takeStaging(real);
    return new OutputDirectory(real, hasEarlierOutput, made);
  }

  get temporary(): string {
    return path.join(this.path, STAGING, 'temp');
  }

  get staged(): string {
    return path.join(this.path, STAGING, 'output');
  }

  /** Moves the finished output into place. */
  async publish(): Promise<void> {
    const old = path.join(this.path, STAGING, 'old');
    await mkdir(old);
    // The old manifest goes first and the new one comes last: between them there is no output to misread.
    await this.#moveAll(
      this.path,
      old,
      (await readdir(this.path)).filter((name) => OURS.test(name)).sort(manifestFirst),
    );
    await this.#moveAll(this.staged, this.path, (await readdir(this.staged)).sort(manifestFirst).reverse());
  }

  /** Leaves the bad lines of a failed run; an earlier output stays as it is. Returns where they are. */
  async publishRejects(): Promise<string | null> {
    const staged = path.join(this.staged, 'rejects');
    if (!(await exists(staged))) return null;
    const target = path.join(this.path, this.#hasEarlierOutput ? 'rejects.failed' : 'rejects');
    await rm(target, { recursive: true, force: true });
    await rename(staged, target);
    return target;
  }

  async close(): Promise<void> {
    await rm(path.join(this.path, STAGING), { recursive: true, force: true });
    if (this.#made !== null) await removeEmpty(this.path, this.#made);
  }

  async #moveAll(from: string, to: string, names: readonly string[]): Promise<void> {
    for (const name of names) {
      if (name === MANIFEST) await syncDirectory(this.path);
      await rename(path.join(from, name), path.join(to, name));
    }
    await syncDirectory(this.path);
  }
}

function manifestFirst(a: string, b: string): number {
  return Number(b === MANIFEST) - Number(a === MANIFEST);
}

async function refuseOverlap(out: string, { files, directories }: LocalInputs): Promise<void> {
  for (const directory of directories) {
    if (isWithin(out, await realpath(directory))) {
      throw new InvalidInputError(
        `${out}: expected an output outside the input ${directory}; choose another --out`,
      );
    }
  }
  for (const { directory, key } of files) {
    if (isWithin(await realpath(path.join(directory, key)), out)) {
      throw new InvalidInputError(
        `${out}: expected an output that holds no input, got input in it; choose another --out`,
      );
    }
  }
}

/** The real path of what may not be there yet: links are resolved as far as the path exists. */
async function realpathToBe(directory: string): Promise<string> {
  try {
    return await realpath(directory);
  } catch (error) {
    const parent = path.dirname(directory);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === directory) return directory;
    return path.join(await realpathToBe(parent), path.basename(directory));
  }
}

function isWithin(inner: string, outer: string): boolean {
  const relative = path.relative(outer, inner);
  return relative.split(path.sep)[0] !== '..' && !path.isAbsolute(relative);
}

/** Returns the first directory that it had to make, if any. */
async function makeDirectory(directory: string): Promise<string | null> {
  try {
    return (await mkdir(directory, { recursive: true })) ?? null;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const got = code === 'EEXIST' || code === 'ENOTDIR' ? 'a file' : (code ?? message);
    throw new InvalidInputError(
      `${directory}: expected a directory that can be written, got ${got}; choose another --out`,
      {
        cause,
      },
    );
  }
}

async function removeEmpty(directory: string, upTo: string): Promise<void> {
  try {
    await rmdir(directory);
  } catch {
    // It holds the output.
    return;
  }
  if (directory !== upTo) await removeEmpty(path.dirname(directory), upTo);
}

async function exists(directory: string): Promise<boolean> {
  return readdir(directory).then(
    () => true,
    () => false,
  );
}

/** Windows cannot open a directory, and orders renames itself. */
async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(directory);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
