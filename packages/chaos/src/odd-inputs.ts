import { existsSync } from 'node:fs';
import { chmod, mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { getuid } from 'node:process';
import { mapConcurrently } from '@mapreduce/shared-utils';
import { asNobody, requireRefusal, requireTotal, succeed, writeInput } from './command-checks';
import { MAPREDUCE, mapreduce } from './command-line';
import { type ExperimentOptions, expectThat, type Figures } from './experiment';
import { runWithHandles } from './namespaces';

const SIZES = {
  short: { tinyFiles: 2_000, handles: [32, 256] },
  middle: { tinyFiles: 10_000, handles: [32, 64, 256] },
  full: { tinyFiles: 100_000, handles: [24, 32, 48, 64, 96, 128, 256] },
} as const;

export async function fewHandles(place: string, { scale }: ExperimentOptions): Promise<Figures> {
  const input = await writeTinyFiles(place, 300);
  let succeeded = 0;
  for (const handles of SIZES[scale].handles) {
    const out = path.join(place, `out-${handles}`);
    const ended = await runWithHandles(handles, [...MAPREDUCE, 'run', input, '-o', out, '-q']);
    if (ended.code === 0) {
      succeeded++;
      await requireTotal(out, 300);
    } else {
      requireRefusal(ended, /too many open files|EMFILE/);
      expectThat(
        !existsSync(path.join(out, 'manifest.json')),
        () => `expected no manifest in ${out}, got one`,
      );
    }
  }
  return { 'file handles': SIZES[scale].handles.join(', '), 'file handles: enough in': succeeded };
}

export async function tinyFiles(place: string, { scale }: ExperimentOptions): Promise<Figures> {
  const files = SIZES[scale].tinyFiles;
  const input = await writeTinyFiles(place, files);
  const out = path.join(place, 'out');
  await succeed(['run', input, '-o', out, '-q']);
  await requireTotal(out, files);
  return { 'tiny files': files };
}

export async function unreadableInput(place: string): Promise<Figures> {
  const input = await writeInput(place, 'input.jsonl');
  const closed = path.join(place, 'closed');
  await mkdir(closed);
  await writeInput(closed, 'input.jsonl');
  await chmod(input, 0o000);
  await chmod(closed, 0o000);
  await chmod(place, 0o777);
  for (const each of [input, path.join(closed, 'input.jsonl'), closed]) {
    const out = path.join(place, 'out');
    requireRefusal(await mapreduce(['run', each, '-o', out], asNobody()), /permission denied|EACCES/);
    expectThat(!existsSync(out), () => `expected nothing at ${out}, got something`);
  }
  await chmod(closed, 0o755);
  return { 'unreadable input': `refused (${getuid?.() === 0 ? 'as another user' : 'as this user'})` };
}

/** Linked directories are not entered, so a loop of them is none; a loop of links to files is named. */
export async function linkLoops(place: string): Promise<Figures> {
  const input = path.join(place, 'input');
  await mkdir(input);
  await writeInput(input, 'input.jsonl');
  await symlink('.', path.join(input, 'self'));
  await symlink('../input', path.join(input, 'parent'));
  const out = path.join(place, 'out');
  await succeed(['run', input, '-o', out, '-q']);
  await requireTotal(out, 1);
  await symlink('loop', path.join(input, 'loop'));
  requireRefusal(
    await mapreduce(['run', input, '-o', path.join(place, 'none')]),
    /ELOOP|loop of symbolic links/,
  );
  return { 'link loops': 'not entered, or refused' };
}

async function writeTinyFiles(place: string, count: number): Promise<string> {
  const input = path.join(place, 'input');
  const names = Array.from({ length: count }, (_, index) => `${index % 100}/${index}.jsonl`);
  for (let folder = 0; folder < 100; folder++)
    await mkdir(path.join(input, String(folder)), { recursive: true });
  await mapConcurrently(names, 16, (name) => writeInput(input, name));
  return input;
}
