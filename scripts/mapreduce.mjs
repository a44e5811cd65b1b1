// Runs the command line from the sources: bundles it first when a source is newer than the bundle.
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bundle = path.join(root, 'packages/cli/dist/main.mjs');
const kernel = 'packages/kernel/dist/kernel-wasm.ts';
const pageAssets = 'packages/report/dist/assets.ts';

// The local engine needs Node 22. pnpm scripts run on the Node of the workspace, wherever there is one.
if (Number.parseInt(process.versions.node, 10) < 22) {
  console.error(
    `mapreduce: expected Node 22 or newer, got ${process.version}; run it as \`npx -y pnpm@10 mapreduce\`, which brings its own, or install a newer Node`,
  );
  process.exit(1);
}

async function modifiedMs(file) {
  return (await stat(file).catch(() => ({ mtimeMs: 0 }))).mtimeMs;
}

async function newestMs(folder) {
  const entries = await readdir(path.join(root, folder), { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  return Math.max(...(await Promise.all(files.map(modifiedMs))));
}

async function newestSourceMs() {
  const packages = await readdir(path.join(root, 'packages'));
  const folders = [...packages.map((name) => `packages/${name}/src`), 'sam/statemachine', 'scripts'];
  const files = [...packages.map((name) => `packages/${name}/package.json`), 'pnpm-lock.yaml', kernel];
  return Math.max(
    ...(await Promise.all(folders.map(newestMs))),
    ...(await Promise.all(files.map((file) => modifiedMs(path.join(root, file))))),
  );
}

if ((await modifiedMs(path.join(root, kernel))) < (await newestMs('packages/kernel/assembly'))) {
  const { buildKernel } = await import('./build.mjs');
  await buildKernel();
}
if ((await modifiedMs(path.join(root, pageAssets))) < (await newestMs('packages/report/src'))) {
  const { buildPageAssets } = await import('./build.mjs');
  await buildPageAssets();
}
if ((await modifiedMs(bundle)) < (await newestSourceMs())) {
  const { buildCli } = await import('./build.mjs');
  await buildCli();
}

// pnpm runs scripts in the root of the workspace; the user's relative paths count from where the user stands.
if (process.env.npm_lifecycle_event === 'mapreduce') process.chdir(process.env.INIT_CWD ?? '.');
await import(bundle);
