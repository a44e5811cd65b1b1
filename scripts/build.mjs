// Bundles the five Lambda handlers and the command line into packages/*/dist.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const STAGES = ['planner', 'mapper', 'grouping', 'reducer', 'committer'];

/** Tasks run locally, and a test has validated the definition. */
const UNUSED_BY_THE_INTERPRETER = [
  '@aws-sdk/client-lambda',
  '@aws-sdk/credential-providers',
  'asl-validator',
];

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
  const manifest = JSON.parse(
    await readFile(new URL('../packages/cli/package.json', import.meta.url), 'utf8'),
  );
  await build({
    ...bundleOptions,
    entryPoints: ['packages/cli/src/main.ts', 'packages/cli/src/local/stage-worker.ts'],
    entryNames: '[name]',
    outdir: 'packages/cli/dist',
    outExtension: { '.js': '.mjs' },
    // Its own dependencies stand in node_modules beside it; the workspace's packages are bundled. So is the
    // interpreter, without the clients that it would invoke real Lambdas with: they take 80 ms to load.
    external: Object.keys(manifest.dependencies).filter(
      (name) => !/^(@mapreduce\/|aws-local-stepfunctions$)/.test(name),
    ),
    alias: Object.fromEntries(UNUSED_BY_THE_INTERPRETER.map((name) => [name, './scripts/empty.cjs'])),
  });
}

/** Its import compiles the WebAssembly engine, once a process. */
export async function buildKernel() {
  await import('../packages/kernel/build.mjs');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildKernel();
  await Promise.all([buildStages(), buildCli()]);
}
