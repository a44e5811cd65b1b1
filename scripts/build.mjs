// Bundles the five Lambda handlers and the command line into packages/*/dist.
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const STAGES = ['planner', 'mapper', 'grouping', 'reducer', 'committer'];

/** Tasks run locally, and a test has validated the definition. */
const UNUSED_BY_THE_INTERPRETER = [
  '@aws-sdk/client-lambda',
  '@aws-sdk/credential-providers',
  'asl-validator',
];

const CLI_DIST = 'packages/cli/dist';

/** What SAM uses too, from the Metadata of the templates: one bundle a function. */
export const bundleOptions = {
  absWorkingDir: fileURLToPath(new URL('..', import.meta.url)),
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  mainFields: ['module', 'main'],
  // Some CommonJS dependencies call require() at run time, which ESM does not have.
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
  sourcemap: true,
  logLevel: 'warning',
};

export async function buildStages() {
  await Promise.all(
    STAGES.map((stage) =>
      build({
        ...bundleOptions,
        minify: true,
        entryPoints: [`packages/${stage}/src/handler.ts`],
        outfile: `packages/${stage}/dist/handler.mjs`,
      }),
    ),
  );
}

export async function buildCli() {
  const { metafile } = await build({
    ...bundleOptions,
    entryPoints: ['packages/cli/src/main.ts', 'packages/cli/src/local/stage-worker.ts'],
    entryNames: '[name]',
    outdir: CLI_DIST,
    metafile: true,
    outExtension: { '.js': '.mjs' },
    // What a command alone needs is loaded by that command. Names stay, for the stack traces.
    splitting: true,
    minifyWhitespace: true,
    minifySyntax: true,
    // The interpreter comes without the clients that it would invoke real Lambdas with: they take 80 ms to load.
    alias: Object.fromEntries(UNUSED_BY_THE_INTERPRETER.map((name) => [name, './scripts/empty.cjs'])),
  });
  await removeOthers(metafile.outputs);
}

/** The names of the parts change with what is in them. */
async function removeOthers(outputs) {
  const dist = path.join(bundleOptions.absWorkingDir, CLI_DIST);
  const others = (await readdir(dist)).filter((name) => !(`${CLI_DIST}/${name}` in outputs));
  await Promise.all(others.map((name) => rm(path.join(dist, name))));
}

/** Its import compiles the WebAssembly engine, once a process. */
export async function buildKernel() {
  await import('../packages/kernel/build.mjs');
}

/** What a report page carries, once a process. */
export async function buildPageAssets() {
  await import('../packages/report/build.mjs');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await Promise.all([buildKernel(), buildPageAssets()]);
  await Promise.all([buildStages(), buildCli()]);
}
