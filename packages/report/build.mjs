// Bundles what a page carries, its style sheet and its script, into a module of two strings, so that every
// bundler and test runner can load it without being told how. Runs after an install, and before the tests.
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const baseDir = fileURLToPath(new URL('.', import.meta.url));

async function bundle(entryPoint) {
  const { outputFiles } = await build({
    absWorkingDir: baseDir,
    entryPoints: [entryPoint],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: ['es2022', 'chrome111', 'firefox113', 'safari16.2'],
    // What ends up in a script or style element must not hold its end tag.
    charset: 'ascii',
    logLevel: 'warning',
  });
  return outputFiles[0].text.trim();
}

const [styles, script] = await Promise.all([bundle('src/page.css'), bundle('src/client/main.ts')]);
await mkdir(`${baseDir}dist`, { recursive: true });
await writeFile(
  `${baseDir}dist/assets.ts`,
  `/** Made from src/page.css and src/client/ by build.mjs. */\nexport const STYLES = ${JSON.stringify(styles)};\nexport const SCRIPT = ${JSON.stringify(script)};\n`,
);
