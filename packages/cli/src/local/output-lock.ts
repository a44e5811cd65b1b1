import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { InvalidInputError, OutputExistsError } from '@mapreduce/shared-utils';

/** Where a run works, within its output directory. Whoever has it may write there. */
export const STAGING = '.mapreduce';

/** A staging directory that is being made, or that was abandoned. */
const LEFTOVER = /^\.mapreduce-[0-9a-f]+$/;

/** Two newcomers can meet at an abandoned lock; more than a few meetings are no accident. */
const MAX_ATTEMPTS = 10;

interface Owner {
  readonly pid: number;
  readonly host: string;
  /** Tells one run from another that has its process id. */
  readonly token: string;
}

export function isLockName(name: string): boolean {
  return name === STAGING || LEFTOVER.test(name);
}

/**
 * Takes the staging directory of `directory`, with `temp/` and `output/` in it. It is made under another name
 * and renamed, which only one of many can do, and so it never stands without the name of its owner. What
 * killed runs left is cleared away.
 * @throws OutputExistsError while another run has it, InvalidInputError where nothing can be written
 */
export function takeStaging(directory: string): void {
  const staging = path.join(directory, STAGING);
  const own = `${staging}-${randomBytes(8).toString('hex')}`;
  try {
    makeStaging(own);
    claim(own, staging);
  } catch (error) {
    rmSync(own, { recursive: true, force: true });
    throw error;
  }
  clearLeftovers(directory);
}

function makeStaging(own: string): void {
  const owner: Owner = { pid: process.pid, host: hostname(), token: randomBytes(8).toString('hex') };
  try {
    mkdirSync(path.join(own, 'temp'), { recursive: true });
    mkdirSync(path.join(own, 'output'));
    writeFileSync(path.join(own, 'owner.json'), JSON.stringify(owner));
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new InvalidInputError(
      `${path.dirname(own)}: expected a directory that can be written, got ${code ?? message}; choose another --out`,
      { cause },
    );
  }
}

function claim(own: string, staging: string): void {
  for (let attempt = 1; ; attempt++) {
    try {
      renameSync(own, staging);
      return;
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (!['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(code) || attempt === MAX_ATTEMPTS) throw error;
    }
    moveAbandoned(staging);
  }
}

/** @throws OutputExistsError while the run that has it may be alive */
function moveAbandoned(staging: string): void {
  const owner = readOwner(staging);
  if (owner !== null && mayBeAlive(owner)) {
    throw new OutputExistsError(
      `${path.dirname(staging)}: expected no other run, got one of process ${owner.pid} on ${owner.host}; wait for it, or delete ${staging} if it is gone`,
    );
  }
  const abandoned = `${staging}-${randomBytes(8).toString('hex')}`;
  try {
    renameSync(staging, abandoned);
  } catch {
    // Another newcomer was faster.
    return;
  }
  const isSame = readOwner(abandoned)?.token === owner?.token;
  if (isSame) rmSync(abandoned, { recursive: true, force: true });
  else renameSync(abandoned, staging);
}

function clearLeftovers(directory: string): void {
  for (const name of readdirSync(directory).filter((entry) => LEFTOVER.test(entry))) {
    const leftover = path.join(directory, name);
    const owner = readOwner(leftover);
    if (owner === null || !mayBeAlive(owner)) rmSync(leftover, { recursive: true, force: true });
  }
}

function readOwner(staging: string): Owner | null {
  try {
    return JSON.parse(readFileSync(path.join(staging, 'owner.json'), 'utf8')) as Owner;
  } catch {
    return null;
  }
}

/** Of another host nothing is known. In a container this process may bear the id of one that was killed. */
function mayBeAlive({ pid, host }: Owner): boolean {
  if (host !== hostname()) return true;
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
