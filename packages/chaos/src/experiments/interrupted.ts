import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay, setImmediate } from 'node:timers/promises';
import { succeed } from '../command-checks';
import { buildMapreduce, inDirectory, listStrays, MAPREDUCE, readResult, start } from '../command-line';
import { type Experiment, type ExperimentOptions, expectThat, inStep, randomOf } from '../experiment';
import type { Random } from '../random';

const SIZES = {
  short: { interruptions: 6, lines: 60_000 },
  middle: { interruptions: 12, lines: 200_000 },
  full: { interruptions: 51, lines: 300_000 },
} as const;

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGKILL: 137 } as const;
type Signal = keyof typeof SIGNALS;

interface Setting {
  readonly directory: string;
  readonly input: string;
  /** What is there before, where something is to be replaced. */
  readonly earlierInput: string;
  readonly results: readonly (string | null)[];
  readonly result: string;
  readonly durationMs: number;
}

interface Interruption {
  readonly signal: Signal;
  readonly isReplacing: boolean;
  /** While the finished files move to their place, which a random time seldom meets. */
  readonly isAtPublishing: boolean;
}

export const interrupted: Experiment = {
  name: 'interrupted',
  promise: 'the old output, none or the new one; the same bytes from the next run, without cleaning by hand',
  faults: 'SIGINT, SIGTERM and SIGKILL to `mapreduce run` at random times, and while it publishes',
  async run(options) {
    await buildMapreduce();
    return inDirectory((directory) => interruptAll(options, directory));
  },
};

async function interruptAll({ seed, scale }: ExperimentOptions, directory: string) {
  const { interruptions, lines } = SIZES[scale];
  const random = randomOf({ seed, scale }, 'interrupted');
  const setting = await setUp(directory, lines, seed);
  const ends = new Map<string, number>();
  for (let nth = 0; nth < interruptions; nth++) {
    const signals = Object.keys(SIGNALS) as Signal[];
    const interruption: Interruption = {
      signal: signals[nth % signals.length] as Signal,
      isReplacing: random.chance(0.5),
      isAtPublishing: random.chance(0.3),
    };
    const step = `interrupted, ${interruption.signal} ${nth}`;
    const end = await inStep(seed, step, () => interruptOnce(setting, interruption, random.fork(nth), nth));
    ends.set(end, (ends.get(end) ?? 0) + 1);
  }
  const counted = [...ends].sort().map(([end, count]) => [`ended with ${end}`, count]);
  return { interruptions, 'identical after the next run': interruptions, ...Object.fromEntries(counted) };
}

async function setUp(directory: string, lines: number, seed: number): Promise<Setting> {
  const input = path.join(directory, 'input.jsonl');
  const earlierInput = path.join(directory, 'earlier.jsonl');
  const options = ['--unique', '5000', '--seed', String(seed % 2 ** 31)];
  await succeed(['generate', '--lines', String(lines), ...options, '--out', input]);
  await succeed(['generate', '--lines', '500', ...options, '--out', earlierInput]);
  const outs = [path.join(directory, 'reference'), path.join(directory, 'earlier')] as const;
  await succeed(['run', earlierInput, '-o', outs[1], '-q']);
  const startedMs = performance.now();
  await succeed(['run', input, '-o', outs[0], '-q']);
  const durationMs = performance.now() - startedMs;
  const result = (await readResult(outs[0])) as string;
  return {
    directory,
    input,
    earlierInput,
    result,
    results: [await readResult(outs[1]), null, result],
    durationMs,
  };
}

async function interruptOnce(
  { directory, input, earlierInput, results, result, durationMs }: Setting,
  { signal, isReplacing, isAtPublishing }: Interruption,
  random: Random,
  nth: number,
): Promise<string> {
  const out = path.join(directory, `out-${nth}`);
  if (isReplacing) await succeed(['run', earlierInput, '-o', out, '-q']);
  const args = ['run', input, '-o', out, '-q', '--overwrite'];
  const { child, finished } = start([...MAPREDUCE, ...args]);
  if (isAtPublishing)
    await waitFor(() => existsSync(path.join(out, '.mapreduce/old')) || child.exitCode !== null);
  else await delay(random.next() * durationMs);
  child.kill(signal);
  const { code, signal: killedBy } = await finished;

  const status = code ?? `${killedBy}`;
  const expected: (number | string)[] = [0, SIGNALS[signal], signal];
  expectThat(expected.includes(status), () => `expected to end with ${expected.join(' or ')}, got ${status}`);
  const left = await readResult(out);
  expectThat(results.includes(left), () => 'expected the old output, none or the new one, got another');
  expectThat(status !== 0 || left === result, () => 'expected the output of a run that succeeded, got none');
  if (code === SIGNALS[signal]) {
    const old = isReplacing ? results[0] : null;
    expectThat(left === old, () => `expected nothing to be published by a run that ended with ${code}`);
    await requireNoStrays(out);
  }

  await succeed(args);
  expectThat((await readResult(out)) === result, () => 'expected the undisturbed output of the next run');
  await requireNoStrays(out);
  return status === 0 ? '0, it was done already' : String(code ?? SIGNALS[signal]);
}

async function requireNoStrays(out: string): Promise<void> {
  const strays = existsSync(out) ? await listStrays(out) : [];
  expectThat(strays.length === 0, () => `expected nothing but an output, got ${strays.join(', ')}`);
}

/** Polls: a process of its own has no other way to tell that it has come this far. */
async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await setImmediate();
}
