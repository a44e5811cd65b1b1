// Everything that has to be there before the first round: peers, bundles, files, warm memory.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  createReadStream,
  createWriteStream,
  existsSync,
  openSync,
  readSync,
  renameSync,
} from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createGzip } from 'node:zlib';

const bench = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('..', import.meta.url));
const GZIP_PARTS = 4;

/** bench/ is no part of the workspace, so that its peers burden nobody who does not measure. */
export function installPeers() {
  if (existsSync(`${bench}node_modules/.modules.yaml`)) return;
  execFileSync(
    'npx',
    ['-y', 'pnpm@10', '--dir', bench, '--ignore-workspace', 'install', '--frozen-lockfile'],
    { stdio: ['ignore', 'ignore', 'inherit'], shell: process.platform === 'win32' },
  );
}

/** The engines alone into bench/dist, and the command line as users run it. */
export async function buildBundles() {
  const { buildCli, buildKernel, bundleOptions } = await import('../scripts/build.mjs');
  const { build } = await import('esbuild');
  await buildKernel();
  await build({
    ...bundleOptions,
    sourcemap: false,
    entryPoints: [`${root}packages/kernel/src/index.ts`],
    outfile: `${bench}dist/kernel.mjs`,
  });
  await buildCli();
}

/** Null where there is none. */
export function findPython() {
  const found = ['python3', 'python'].find((command) =>
    /^Python 3/.test(spawnSync(command, ['--version'], { encoding: 'utf8' }).stdout ?? ''),
  );
  return found ?? null;
}

/** Twice: a virtual machine may have given idle memory back to its host, and the first read fetches it. */
export function warm(files) {
  const chunk = Buffer.allocUnsafe(1024 * 1024);
  for (let time = 0; time < 2; time++) {
    for (const file of files) {
      const descriptor = openSync(file, 'r');
      while (readSync(descriptor, chunk, 0, chunk.length, null) > 0);
      closeSync(descriptor);
    }
  }
}

/** The file as four gzip files of whole lines, as logs come. */
export async function ensureGzipParts({ file, bytes }) {
  const cuts = [0];
  const chunk = Buffer.allocUnsafe(64 * 1024);
  const descriptor = openSync(file, 'r');
  for (let part = 1; part < GZIP_PARTS; part++) {
    const at = Math.floor((bytes / GZIP_PARTS) * part);
    const length = readSync(descriptor, chunk, 0, chunk.length, at);
    cuts.push(at + chunk.subarray(0, length).indexOf(0x0a) + 1);
  }
  closeSync(descriptor);
  const parts = cuts.map((start, index) => ({
    start,
    end: (cuts[index + 1] ?? bytes) - 1,
    file: file.replace(/\.jsonl$/, `-${index}.jsonl.gz`),
  }));
  await Promise.all(parts.filter((part) => !existsSync(part.file)).map((part) => compress(file, part)));
  const sizes = await Promise.all(parts.map(async (part) => (await stat(part.file)).size));
  return { files: parts.map((part) => part.file), compressedBytes: sizes.reduce((a, b) => a + b) };
}

async function compress(source, { start, end, file }) {
  const unfinished = `${file}.unfinished`;
  await pipeline(
    createReadStream(source, { start, end, highWaterMark: 1024 * 1024 }),
    createGzip({ chunkSize: 1024 * 1024 }),
    createWriteStream(unfinished),
  );
  renameSync(unfinished, file);
}
