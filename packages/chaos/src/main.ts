import { parseArgs } from 'node:util';
import { type Experiment, Finding, SCALES, type Scale } from './experiment';
import { experiments } from './experiments';
import { formatResult, mergeResults, type Result, writeDocument } from './results';

const HELP = `Usage: npx -y pnpm@10 chaos [options]

  --only <names>      some of: ${experiments.map(({ name }) => name).join(',')}
  --seed <n>          repeat what was found with this seed (default: by the clock)
  --scale <scale>     ${SCALES.join(', ')} (default: short)
  --json <file>       keep the figures there; those of experiments that are not run stay
  --document <file>   renew the table between its two CHAOS comments, from the figures of --json`;

const EXIT = { holds: 0, usage: 1, found: 2 } as const;

interface Settings {
  readonly chosen: readonly Experiment[];
  readonly seed: number;
  readonly scale: Scale;
  readonly json: string | undefined;
  readonly document: string | undefined;
}

const settings = readSettings();
if (settings === null) process.stdout.write(`${HELP}\n`);
else process.exitCode = await runAll(settings);

async function runAll({ chosen, seed, scale, json, document }: Settings): Promise<number> {
  process.stdout.write(`seed ${seed}, scale ${scale}\n`);
  const results: Record<string, Result> = {};
  for (const experiment of chosen) {
    const result = await runOne(experiment, seed, scale);
    results[experiment.name] = result;
    process.stdout.write(`${formatResult(experiment.name, result)}\n`);
  }
  const merged = mergeResults(json, results);
  if (document !== undefined) writeDocument(document, merged);
  const broken = Object.keys(results).filter((name) => results[name]?.finding !== undefined);
  const again = broken.map((name) => `\nnpx -y pnpm@10 chaos --only ${name} --seed ${seed} --scale ${scale}`);
  process.stdout.write(
    `${chosen.length - broken.length} of ${chosen.length} experiments hold${again.join('')}\n`,
  );
  return broken.length === 0 ? EXIT.holds : EXIT.found;
}

async function runOne(experiment: Experiment, seed: number, scale: Scale): Promise<Result> {
  const startedMs = performance.now();
  const secondsSince = () => Math.round((performance.now() - startedMs) / 100) / 10;
  try {
    const figures = await experiment.run({ seed, scale });
    return { seed, scale, seconds: secondsSince(), figures };
  } catch (error) {
    if (error instanceof Finding)
      return { seed, scale, seconds: secondsSince(), figures: {}, finding: error.message };
    throw error;
  }
}

/** null where help was asked for. */
function readSettings(): Settings | null {
  try {
    return parseSettings();
  } catch (error) {
    process.stderr.write(`chaos: ${(error as Error).message}\n`);
    process.exit(EXIT.usage);
  }
}

function parseSettings(): Settings | null {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
      scale: { type: 'string', default: 'short' },
      json: { type: 'string' },
      document: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const names = values.only?.split(',') ?? experiments.map(({ name }) => name);
  const unknown = names.find((name) => !experiments.some((experiment) => experiment.name === name));
  if (unknown !== undefined) throw new Error(`--only: expected names that --help lists, got "${unknown}"`);
  const scale = SCALES.find((each) => each === values.scale);
  if (scale === undefined) throw new Error(`--scale: expected ${SCALES.join(', ')}, got "${values.scale}"`);
  if (!/^\d+$/.test(values.seed)) throw new Error(`--seed: expected a whole number, got "${values.seed}"`);
  return {
    chosen: experiments.filter(({ name }) => names.includes(name)),
    seed: Number(values.seed),
    scale,
    json: values.json,
    document: values.document,
  };
}
