import { existsSync, mkdirSync, readdirSync, realpathSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { InvalidInputError, OutputExistsError } from '@mapreduce/shared-utils';
import { syncDirectory, syncTree } from './durable-files';
import type { LocalInputs } from './local-inputs';
import { isLockName, STAGING, takeStaging } from './output-lock';

const MANIFEST = 'manifest.json';
const OURS =
  /^(bucket_\d+\.json|manifest\.json|timeline\.json|report\.html|rejects|rejects\.failed|report\.failed\.html)$/;

/**
 * A local run works in `<out>/.mapreduce`, which is also its lock, and moves its files up when all are
 * there and on disk, the manifest last. So a reader sees the old output, none, or the new one, after a power
 * cut too, and what a killed run leaves behind is cleared by the next.
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
  static open(out: string, inputs: LocalInputs, overwrite: boolean): OutputDirectory {
    if (out === '') throw new InvalidInputError('--out: expected a directory, got an empty path');
    const directory = path.resolve(out);
    const real = realpathToBe(directory);
    refuseOverlap(real, inputs);
    const made = makeDirectory(real);
    const entries = readdirSync(real).filter((name) => !isLockName(name));
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
    takeStaging(real);
    return new OutputDirectory(real, hasEarlierOutput, made);
  }

  get temporary(): string {
    return path.join(this.path, STAGING, 'temp');
  }

  /** For what one task cannot hold in memory. */
  get scratch(): string {
    return path.join(this.path, STAGING, 'scratch');
  }

  get staged(): string {
    return path.join(this.path, STAGING, 'output');
  }

  /** Where a page about a run that failed goes; one about an earlier output stays as it is. */
  get failedPage(): string {
    return path.join(this.path, this.#hasEarlierOutput ? 'report.failed.html' : 'report.html');
  }

  /** Moves the finished output into place. */
  publish(): void {
    syncTree(this.staged);
    this.#moveAway(readdirSync(this.path).filter((name) => OURS.test(name)));
    for (const name of readdirSync(this.staged).sort(manifestLast)) {
      // Once the manifest is there, so is all that it names.
      if (name === MANIFEST) syncDirectory(this.path);
      renameSync(path.join(this.staged, name), path.join(this.path, name));
    }
    syncDirectory(this.path);
  }

  /** Leaves the bad lines of a failed run; an earlier output stays as it is. Returns where they are. */
  publishRejects(): string | null {
    const staged = path.join(this.staged, 'rejects');
    if (!existsSync(staged)) return null;
    syncTree(staged);
    const target = path.join(this.path, this.#hasEarlierOutput ? 'rejects.failed' : 'rejects');
    rmSync(target, { recursive: true, force: true });
    renameSync(staged, target);
    syncDirectory(this.path);
    return target;
  }

  close(): void {
    rmSync(path.join(this.path, STAGING), { recursive: true, force: true });
    if (this.#made !== null) removeEmpty(this.path, this.#made);
  }

  /** The earlier manifest goes first, so that nothing of what it names is ever missed. */
  #moveAway(names: readonly string[]): void {
    const old = path.join(this.path, STAGING, 'old');
    mkdirSync(old);
    for (const name of names.toSorted(manifestLast).toReversed()) {
      renameSync(path.join(this.path, name), path.join(old, name));
      if (name === MANIFEST) syncDirectory(this.path);
    }
  }
}

function manifestLast(a: string, b: string): number {
  return Number(a === MANIFEST) - Number(b === MANIFEST);
}

function refuseOverlap(out: string, { files, directories }: LocalInputs): void {
  for (const directory of directories) {
    if (isWithin(out, realpathSync.native(directory))) {
      throw new InvalidInputError(
        `${out}: expected an output outside the input ${directory}; choose another --out`,
      );
    }
  }
  for (const { directory, key } of files) {
    if (isWithin(realpathSync.native(path.join(directory, key)), out)) {
      throw new InvalidInputError(
        `${out}: expected an output that holds no input, got input in it; choose another --out`,
      );
    }
  }
}

/** The real path of what may not be there yet: links are resolved as far as the path exists. */
function realpathToBe(directory: string): string {
  try {
    return realpathSync.native(directory);
  } catch (error) {
    const parent = path.dirname(directory);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === directory) return directory;
    return path.join(realpathToBe(parent), path.basename(directory));
  }
}

function isWithin(inner: string, outer: string): boolean {
  const relative = path.relative(outer, inner);
  return relative.split(path.sep)[0] !== '..' && !path.isAbsolute(relative);
}

/** Returns the first directory that it had to make, if any. */
function makeDirectory(directory: string): string | null {
  try {
    return mkdirSync(directory, { recursive: true }) ?? null;
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

function removeEmpty(directory: string, upTo: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // It holds the output.
    return;
  }
  if (directory !== upTo) removeEmpty(path.dirname(directory), upTo);
}
