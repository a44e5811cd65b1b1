// The WebAssembly engine once more, counting which of its branches are taken.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import binaryen from 'assemblyscript/binaryen';

const kernel = fileURLToPath(new URL('../packages/kernel', import.meta.url));

/**
 * Small files must reach what lies behind the engine's limits, so these are lower here: how many texts are remembered,
 * how many rejects and keys are held back, from how many rows on it sorts, looks ahead, grows. A table begins small
 * whatever was before it. And no secrets are used, or no run could be repeated.
 */
const CHANGES = {
  'assembly/texts.ts': { 1024: '64' },
  'assembly/scan.ts': { 1024: '8', 'PAUSE: u32 = 32': 'PAUSE: u32 = 2' },
  'assembly/table.ts': { 'BATCH = 1024': 'BATCH = 8', 16384: '4' },
  'assembly/sort.ts': {
    'INSERTION: usize = 12': 'INSERTION: usize = 2',
    'RADIX: usize = 128': 'RADIX: usize = 8',
  },
  'assembly/output.ts': {
    'TOUCHED: usize = 32': 'TOUCHED: usize = 2',
    'MAX_RANKED: u32 = 128': 'MAX_RANKED: u32 = 2',
  },
  'src/wasm-counter.ts': { '256 * 1024': '4096' },
  'src/wasm-merger.ts': { '256 * 1024': '256' },
  'src/wasm-output.ts': { '1024 * 1024': '256' },
  'src/wasm-module.ts': { 'getRandomValues(new Uint8Array(256 + 16))': 'new Uint8Array(256 + 16).fill(91)' },
  'src/wasm-engine.ts': {
    'GROWTH_PAGES = 512': 'GROWTH_PAGES = 1',
    '2 * 1024 * 1024': '1024',
    '64 * 1024 * 1024': '1024',
    '65_536;\nconst SLOT': '16;\nconst SLOT',
    'this.#spare?.slotCount ?? ': '',
    'MAX_SPARE_TABLE_AT = 128 * 1024 * 1024': 'MAX_SPARE_TABLE_AT = 0',
  },
};

/** Unoptimised, where every condition still is a branch; a function that is inlined is counted in each place. */
const OPTIONS = ['--runtime', 'stub', '--enable', 'simd', '-O0', '--noAssert'];
const MEMORY = ['--importMemory', '--noExportMemory', '--zeroFilledMemory'];

/**
 * Writes a module that takes the place of the kernel's `dist/kernel-wasm.ts` and has a list besides: the function of
 * each branch, in the order of the counters.
 */
export async function writeInstrumentedKernel(file) {
  const { text, branches } = instrument(await compileToText());
  const module = binaryen.parseText(text);
  module.setFeatures(binaryen.Features.All);
  const base64 = Buffer.from(module.emitBinary()).toString('base64');
  const wasm = `export const kernelWasm = Buffer.from('${base64}', 'base64');`;
  writeFileSync(file, `${wasm}\nexport const branches = ${JSON.stringify(branches)};\n`);
}

/** The text of one of the kernel's files. */
export function readChanged(file) {
  let text = readFileSync(path.resolve(kernel, file), 'utf8');
  const name = path.relative(kernel, path.resolve(kernel, file)).replaceAll(path.sep, '/');
  for (const [old, other] of Object.entries(CHANGES[name] ?? {})) {
    if (!text.includes(old))
      throw new Error(`fuzz/instrument.mjs: expected ${old} in ${name}, got none; adapt CHANGES`);
    text = text.replaceAll(old, other);
  }
  return text;
}

async function compileToText() {
  const written = new Map();
  const writeFile = (name, contents) => written.set(name, contents);
  const readFile = (name) => (existsSync(path.resolve(kernel, name)) ? readChanged(name) : null);
  const { error, stderr } = await asc.main(
    ['assembly/index.ts', '--baseDir', kernel, '--textFile', 'kernel.wat', ...OPTIONS, ...MEMORY],
    { readFile, writeFile },
  );
  if (error !== null) throw new Error(`${error.message}\n${stderr}`);
  return written.get('kernel.wat');
}

/**
 * The text has an instruction a line, so that counting can go in wherever a branch leads to. The counters, a u32 each,
 * are in a memory of their own, which all engines share.
 */
function instrument(text) {
  const lines = [];
  const branches = [];
  const blocks = [];
  let name = '';
  const count = () => {
    const at = `i32.const ${4 * branches.length}`;
    lines.push(`${at} ${at} i32.load $counters i32.const 1 i32.add i32.store $counters`);
    branches.push(name);
  };
  let isHead = false;
  for (const line of text.split('\n')) {
    const [word, label = ''] = line.trim().split(' ');
    if (isHead && word !== '(local') {
      isHead = false;
      count();
    }
    const closed = word === 'end' ? blocks.pop() : undefined;
    if (closed?.word === 'if' && !closed.hasElse) {
      lines.push('else');
      count();
    }
    lines.push(line);
    if (line.includes('(import "env" "memory"')) lines.push('(import "env" "counters" (memory $counters 1))');
    if (word === '(func') {
      isHead = true;
      name = label.replace('$assembly/', '');
    }
    if (word === 'else') blocks.at(-1).hasElse = true;
    if (word === 'if' || word === 'loop' || word === 'block') blocks.push({ word, label, hasElse: false });
    if (['if', 'else', 'loop', 'br_if'].includes(word)) count();
    // Where a condition leads out of a block; the block of an inlined function is left by its returns.
    if (closed?.word === 'block' && !closed.label.includes('|inlined')) count();
  }
  return { text: lines.join('\n'), branches };
}
