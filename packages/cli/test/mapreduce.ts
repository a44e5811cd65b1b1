import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const BUNDLE = path.resolve(__dirname, '../dist/main.mjs');

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

/** Starts the command line as a process of its own. */
export function start(
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Started {
  const child = spawn(process.execPath, [BUNDLE, ...args], {
    ...options,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  const finished = new Promise<Finished>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, ...output }));
  });
  return { child, finished };
}

export function mapreduce(args: readonly string[], options?: Parameters<typeof start>[1]): Promise<Finished> {
  return start(args, options).finished;
}

/** A directory that is gone after the test file. */
export function createWorkspace(): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'mapreduce-cli-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Name and SHA-256 of every bucket file: equal for equal results. */
export function checksums(out: string): string[] {
  return readdirSync(out)
    .filter((name) => name.startsWith('bucket_'))
    .sort()
    .map(
      (name) =>
        `${name} ${createHash('sha256')
          .update(readFileSync(path.join(out, name)))
          .digest('hex')}`,
    );
}

export function readCounts(out: string): Map<string, number> {
  const buckets = readdirSync(out).filter((name) => name.startsWith('bucket_'));
  return new Map(
    buckets.flatMap((name) =>
      Object.entries(JSON.parse(readFileSync(path.join(out, name), 'utf8')) as object),
    ),
  );
}
