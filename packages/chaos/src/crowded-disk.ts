import { chmod, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { asNobody, requireOneLine, requireRefusal, succeed, writeInput } from './command-checks';
import { type Finished, MAPREDUCE, mapreduce, readResult } from './command-line';
import { type ExperimentOptions, expectThat, type Figures } from './experiment';
import { type FullDisk, findFullDisk, runInLittleRoom, runReadOnly, type TwoRuns } from './namespaces';

const SIZES = {
  short: { lines: 20_000, rooms: 3 },
  middle: { lines: 60_000, rooms: 8 },
  full: { lines: 60_000, rooms: 24 },
} as const;

/** Kilobytes in which not even a plan has room. */
const LEAST_ROOM = 16;

/** Kilobytes a thousand lines, from which on everything has room. */
const ENOUGH_ROOM = 50;

/** From too little for the plan to enough for everything, and again with room where that was too little. */
export async function fullDisk(place: string, options: ExperimentOptions): Promise<Figures> {
  const { lines, rooms } = SIZES[options.scale];
  const { input, reference } = await generateInput(place, lines, options.seed);
  const small = path.join(place, 'small');
  await mkdir(small);
  const disk = await findFullDisk(small);
  const growth = (ENOUGH_ROOM * lines) / 1000 / LEAST_ROOM;
  let failed = 0;
  for (let room = 0; room < rooms; room++) {
    const kilobytes = Math.ceil(LEAST_ROOM * growth ** (room / (rooms - 1)));
    const out = path.join(small, `out-${room}`);
    const command = [...MAPREDUCE, 'run', input, '-o', out, '--json', '--overwrite'];
    const runs = await runInLittleRoom(disk, kilobytes, small, command);
    requireCleanFailure(`with ${kilobytes} kB (${disk})`, runs, path.basename(out));
    requireSameResult(runs.stdout, reference);
    if (runs.first !== 0) failed++;
  }
  return {
    'no space, by': disk,
    'no space: sizes tried': rooms,
    'no space: failed, and succeeded with room': failed,
  };
}

export async function readOnlyOutput(place: string): Promise<Figures> {
  const input = await writeInput(place, 'input.jsonl');
  const target = path.join(place, 'target');
  await mkdir(target);
  const disk = await findFullDisk(target);
  requireRefusal(await runInto(target, disk, input), /expected a directory that can be written/);
  return { 'read-only output': `refused (${disk === 'tmpfs' ? 'mount' : 'permissions'})` };
}

async function runInto(target: string, disk: FullDisk, input: string): Promise<Finished> {
  const args = ['run', input, '-o', path.join(target, 'out')];
  if (disk === 'tmpfs') return runReadOnly(target, [...MAPREDUCE, ...args]);
  await chmod(target, 0o555);
  return mapreduce(args, asNobody());
}

async function generateInput(place: string, lines: number, seed: number) {
  const input = path.join(place, 'input.jsonl');
  const out = path.join(place, 'reference');
  const options = ['--lines', String(lines), '--unique', String(lines >> 2), '--seed', String(seed)];
  await succeed(['generate', ...options, '--out', input]);
  await succeed(['run', input, '-o', out, '-q']);
  return { input, reference: await readResult(out) };
}

function requireCleanFailure(where: string, { first, second, stderr, left }: TwoRuns, out: string): void {
  expectThat([0, 2].includes(first), () => `expected code 0 or 2 ${where}, got ${first}: ${stderr}`);
  expectThat(second === 0, () => `expected success with room again, ${where}, got ${second}: ${stderr}`);
  if (first === 0) return;
  requireOneLine(stderr, /(no space left on the device|over the file size limit|ENOSPC|EFBIG)/);
  const outputs = left.filter((file) => file.includes(`${out}/`));
  expectThat(
    outputs.length === 0,
    () => `expected nothing like an output ${where}, got ${outputs.join(', ')}`,
  );
}

function requireSameResult(manifestJson: string, reference: string | null): void {
  const { outputs } = JSON.parse(manifestJson) as { outputs: { bucket: number; sha256: string }[] };
  const found = JSON.stringify(outputs.map(({ bucket, sha256 }) => [bucket, sha256]));
  expectThat(reference?.includes(found) === true, () => 'expected the undisturbed output, got another');
}
