// `npx -y pnpm@10 fuzz`: the kernel's differential test, guided by coverage. CONTRIBUTING.md says what it is for.
import { mkdirSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { readChanged, writeInstrumentedKernel } from './instrument.mjs';

const HELP = `Usage: npx -y pnpm@10 fuzz [options]

  --seconds <n>  how long (default 60)
  --seed <n>     of what is tried, to repeat a run (default: another one every time)

A file on which the engines differ ends it, with 1, and is put in packages/kernel/test/corpus, where the kernel's tests
read it.`;

const dist = fileURLToPath(new URL('dist', import.meta.url));

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    help: { type: 'boolean', default: false },
  },
});
const [seconds, seed] = [Number(values.seconds), Number(values.seed)];
if (values.help) console.log(HELP);
else if (!(seconds > 0) || !Number.isInteger(seed)) {
  throw new Error(
    `fuzz: expected seconds above 0 and a whole number for a seed, got ${values.seconds} and ${values.seed}; see --help`,
  );
} else process.exitCode = (await main()) ? 0 : 1;

async function main() {
  mkdirSync(dist, { recursive: true });
  await writeInstrumentedKernel(`${dist}/kernel-wasm.mjs`);
  const { search } = await import(pathToFileURL(await bundleSearch()));
  console.log(`seed ${seed}`);
  return search({ seconds, seed });
}

/** The kernel's sources with the other module in the place of theirs. */
async function bundleSearch() {
  const instrumented = {
    name: 'instrumented',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /\/dist\/kernel-wasm$/ }, () => ({ path: `${dist}/kernel-wasm.mjs` }));
      onLoad({ filter: /[\\/]kernel[\\/]src[\\/]/ }, ({ path }) => ({
        contents: readChanged(path),
        loader: 'ts',
      }));
    },
  };
  const outfile = `${dist}/search.mjs`;
  await build({
    entryPoints: [fileURLToPath(new URL('search.mjs', import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    plugins: [instrumented],
    logLevel: 'warning',
  });
  return outfile;
}
