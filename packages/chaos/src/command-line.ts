import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseManifest } from '@mapreduce/shared-utils';

/** Of the workspace, from wherever in it this runs, bundled or not. */
const ROOT = findRoot(process.cwd());

/** With its own Node: what runs it is the same as what is told to run it. */
export const MAPREDUCE = [process.execPath, path.join(ROOT, 'packages/cli/dist/main.mjs')] as const;

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
}

export interface ProcessOptions {
  /** Another user than the one who asks. */
  readonly uid?: number;
}

/** Starts a program with its arguments, as they are. */
export function start(command: readonly string[], { uid }: ProcessOptions = {}): Started {
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid !== undefined && { uid, gid: uid }),
  });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      output[stream] += text;
    });
  }
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...output }));
  });
  return { child, finished };
}

/** Runs `mapreduce` to its end. */
export function mapreduce(args: readonly string[], options?: ProcessOptions): Promise<Finished> {
  return start([...MAPREDUCE, ...args], options).finished;
}

/** Brings the bundle up to date where a source is newer. */
export async function buildMapreduce(): Promise<void> {
  const { code, stderr } = await start([
    process.execPath,
    path.join(ROOT, 'scripts/mapreduce.mjs'),
    '--version',
  ]).finished;
  if (code !== 0) throw new Error(`expected a command line that runs, got ${stderr}`);
}

/** A directory of its own on a disk, where other users may look; gone afterwards. */
export async function inDirectory<Result>(use: (directory: string) => Promise<Result>): Promise<Result> {
  const directory = await mkdtemp(path.join(tmpdir(), 'mapreduce-chaos-'));
  await chmod(directory, 0o755);
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/**
 * What a reader takes for the result: checksums of the files that the manifest names; null without a manifest.
 * @throws where a file is missing or is not the one that the manifest means
 */
export async function readResult(out: string): Promise<string | null> {
  const file = path.join(out, 'manifest.json');
  if (!existsSync(file)) return null;
  const { outputs, counts, records } = parseManifest(file, await readFile(file, 'utf8'));
  for (const { bucket, sha256 } of outputs) {
    const content = await readFile(path.join(out, `bucket_${bucket}.json`));
    if (createHash('sha256').update(content).digest('hex') !== sha256) {
      throw new Error(`expected bucket_${bucket}.json to be the one that the manifest names, got another`);
    }
  }
  return JSON.stringify([outputs.map(({ bucket, sha256 }) => [bucket, sha256]), counts, records]);
}

/** Names in a directory that are neither of an output nor of nothing. */
export async function listStrays(out: string): Promise<string[]> {
  return (await readdir(out)).filter(
    (name) => !/^((manifest|timeline|bucket_\d+)\.json|rejects)$/.test(name),
  );
}

function findRoot(from: string): string {
  if (existsSync(path.join(from, 'pnpm-workspace.yaml'))) return from;
  const parent = path.dirname(from);
  if (parent === from) throw new Error(`${process.cwd()}: expected a directory of the workspace`);
  return findRoot(parent);
}
