// Compiles assembly/ to WebAssembly and wraps it in a module, so that every bundler and test runner can load
// it without being told how. Runs after an install, and before this package's tests.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const baseDir = fileURLToPath(new URL('.', import.meta.url));
/** The host brings the memory, with zeros where static data will be. */
const MEMORY = ['--importMemory', '--noExportMemory', '--zeroFilledMemory'];
const OPTIONS = ['--runtime', 'stub', '--enable', 'simd', '-O3', '--converge', '--noAssert', ...MEMORY];

await mkdir(`${baseDir}dist`, { recursive: true });
const { error, stderr } = await asc.main([
  'assembly/index.ts',
  '--baseDir',
  baseDir,
  '--outFile',
  'dist/kernel.wasm',
  ...OPTIONS,
]);
if (error !== null) throw new Error(`${error.message}\n${stderr}`);

const base64 = (await readFile(`${baseDir}dist/kernel.wasm`)).toString('base64');
await writeFile(
  `${baseDir}dist/kernel-wasm.ts`,
  `/** Made from assembly/ by build.mjs. */\nexport const kernelWasm = Buffer.from('${base64}', 'base64');\n`,
);
