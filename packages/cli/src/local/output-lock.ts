import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
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
export async function takeStaging(directory: string): Promise<void> {
  const staging = path.join(directory, STAGING);
  const own = `${staging}-${randomBytes(8).toString('hex')}`;
  try {
    await makeStaging(own);
    await claim(own, staging);
  } catch (error) {
    await rm(own, { recursive: true, force: true });
    throw error;
  }
  await clearLeftovers(directory);
}

async function makeStaging(own: string): Promise<void> {
  const owner: Owner = { pid: process.pid, host: hostname(), token: randomBytes(8).toString('hex') };
  try {
    await mkdir(path.join(own, 'temp'), { recursive: true });
    await mkdir(path.join(own, 'output'));
    await writeFile(path.join(own, 'owner.json'), JSON.stringify(owner));
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new InvalidInputError(
      `${path.dirname(own)}: expected a directory that can be written, got ${code ?? message}; choose another --out`,
      { cause },
    );
  }
}

async function claim(own: string, staging: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await rename(own, staging);
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (!['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(code) || attempt === MAX_ATTEMPTS) throw error;
    }
    await moveAbandoned(staging);
  }
}

/** @throws OutputExistsError while the run that has it may be alive */
async function moveAbandoned(staging: string): Promise<void> {
  const owner = await readOwner(staging);
  if (owner !== null && mayBeAlive(owner)) {
    throw new OutputExistsError(
      `${path.dirname(staging)}: expected no other run, got one of process ${owner.pid} on ${owner.host}; wait for it, or delete ${staging} if it is gone`,
    );
  }
  const abandoned = `${staging}-${randomBytes(8).toString('hex')}`;
  try {
    await rename(staging, abandoned);
  } catch {
    // Another newcomer was faster.
    return;
  }
  const isSame = (await readOwner(abandoned))?.token === owner?.token;
  await (isSame ? rm(abandoned, { recursive: true, force: true }) : rename(abandoned, staging));
}

async function clearLeftovers(directory: string): Promise<void> {
  for (const name of (await readdir(directory)).filter((entry) => LEFTOVER.test(entry))) {
    const leftover = path.join(directory, name);
    const owner = await readOwner(leftover);
    if (owner === null || !mayBeAlive(owner)) await rm(leftover, { recursive: true, force: true });
  }
}

async function readOwner(staging: string): Promise<Owner | null> {
  try {
    return JSON.parse(await readFile(path.join(staging, 'owner.json'), 'utf8')) as Owner;
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
