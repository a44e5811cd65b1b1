// The two kinds of contestants: one that stays and counts on demand, and a whole job, started every time.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';

const scripts = fileURLToPath(new URL('./contestants/', import.meta.url));

/** A process that follows the protocol of contestants/serve.mjs. */
export function server(name, script, args, { env = {}, isSlow = false, command } = {}) {
  const [file, ...options] = command ?? [process.execPath, '--expose-gc'];
  return {
    name,
    isSlow,
    start: async () => {
      const child = spawn(file, [...options, path.join(scripts, script), ...args.map(String)], {
        stdio: ['pipe', 'pipe', 'pipe'],
        env: { ...process.env, ...env },
      });
      let complaints = '';
      child.stderr.on('data', (data) => {
        complaints += data;
      });
      child.stdin.on('error', () => undefined);
      const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      const next = async () => {
        const { value, done } = await lines.next();
        if (!done) return JSON.parse(value);
        throw new Error(`failed: ${lastLineOf(complaints)}`);
      };
      const spawnFailure = new Promise((_resolve, reject) => child.once('error', reject));
      spawnFailure.catch(() => undefined);
      const { isReady, ...details } = await Promise.race([next(), spawnFailure]);
      return {
        details,
        pass: () => {
          child.stdin.write('pass\n');
          return next();
        },
        stop: () => child.stdin.end(),
      };
    },
  };
}

/**
 * A job from start to exit of its process. `commandOf(out)` gives the command line that fills the empty
 * directory `out`; `check(out, isFirst)` reads the answer from there.
 */
export function job(name, out, commandOf, check, { hasPeak = true, cwd } = {}) {
  return {
    name,
    start: async () => {
      let isFirst = true;
      return {
        pass: async () => {
          rmSync(out, { recursive: true, force: true });
          mkdirSync(out, { recursive: true });
          const usage = await run(commandOf(out), { hasPeak, out, cwd });
          const answer = await check(out, isFirst);
          isFirst = false;
          return { ...usage, ...answer };
        },
        stop: () => rmSync(out, { recursive: true, force: true }),
      };
    },
  };
}

async function run([file, ...args], { hasPeak, out, cwd }) {
  const peakFile = `${out}.peak`;
  // Only a contestant whose command is this very Node can tell its own peak.
  const preload = hasPeak ? ['--import', new URL('./contestants/report-peak.mjs', import.meta.url).href] : [];
  const startedMs = performance.now();
  const child = spawn(file, [...preload, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, BENCH_PEAK_FILE: peakFile },
    shell: process.platform === 'win32' && !hasPeak,
    cwd,
  });
  let complaints = '';
  child.stderr.on('data', (data) => {
    complaints += data;
  });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const seconds = (performance.now() - startedMs) / 1000;
  if (code !== 0) throw new Error(`failed: exit code ${code}: ${lastLineOf(complaints)}`);
  if (!hasPeak) return { seconds };
  const usage = JSON.parse(readFileSync(peakFile, 'utf8'));
  rmSync(peakFile);
  return { seconds, ...usage };
}

function lastLineOf(text) {
  const lines = text.trim().split('\n');
  return lines.find((line) => /error/i.test(line)) ?? lines.at(-1);
}
