// `npx -y pnpm@10 bench`: our engines against their peers on the same files. docs/benchmarks.md says how to read it.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem, type } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { hold } from './contest.mjs';
import { ensureFile, FILES } from './data.mjs';
import { buildBundles, findPython, installPeers, warm } from './prepare.mjs';
import { formatMeasurement, formatTargets } from './report.mjs';

const HELP = `Usage: npx -y pnpm@10 bench [options]

  --rounds <n>       rounds of each contest (default 5)
  --only <names>     some of: kernel,workers,job,gzip,reduce,startup
  --files <names>    some of: A,C,B,E
  --size <size>      small, to see that it works, or full (default)
  --data <directory> where the files are made and kept (default: in the directory for temporary files)
  --document <file>  replace what stands between its two BENCHMARKS comments by the tables of --json
  --render           measure nothing, print the tables of --json
  --json <file>      write the results; what this run leaves out stays as it is in there`;

const BEGIN = '<!-- BENCHMARKS BEGIN -->';
const END = '<!-- BENCHMARKS END -->';

const options = parseOptions();
if (options?.isRender) show(JSON.parse(readFileSync(options.json, 'utf8')), options);
else if (options !== null) show(await main(options), options);

function show({ measurements }, { isRender, document }) {
  const tables = Object.values(measurements).map(formatMeasurement);
  const targets = formatTargets(measurements);
  console.log(`\n${isRender ? [...tables, targets].join('\n\n') : targets}`);
  if (document === undefined) return;
  const text = readFileSync(document, 'utf8');
  const [before, after] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (before === -1 || after === -1)
    throw new Error(`${document}: expected the comments ${BEGIN} and ${END}`);
  const results = [targets, ...tables].join('\n\n');
  writeFileSync(document, `${text.slice(0, before + BEGIN.length)}\n\n${results}\n\n${text.slice(after)}`);
}

async function main({ rounds, only, fileNames, size, directory, json }) {
  console.error('installing peers, building …');
  installPeers();
  await buildBundles();
  const { MEASUREMENTS } = await import('./measurements.mjs');
  const unknown = only.find((name) => !(name in MEASUREMENTS)) ?? fileNames.find((name) => !(name in FILES));
  if (unknown !== undefined) throw new Error(`bench: expected a name that --help lists, got ${unknown}`);

  const scratch = path.join(directory, `out-${process.pid}`);
  mkdirSync(scratch, { recursive: true });
  const python = findPython();
  const commit = describeCommit();
  const results = {
    size,
    machine: describeMachine(),
    measurements: readEarlier(json, size),
  };
  try {
    for (const name of only.length > 0 ? only : Object.keys(MEASUREMENTS)) {
      const { title, files, isLarge = false, prepare } = MEASUREMENTS[name];
      const measured = results.measurements[name]?.files ?? {};
      for (const file of files.filter(
        (candidate) => fileNames.length === 0 || fileNames.includes(candidate),
      )) {
        const source = ensureFile(
          directory,
          file,
          isLarge && size === 'full' && 'large' in FILES[file] ? 'large' : size,
        );
        const { contestants, answer = source, notes } = await prepare({ source, directory, scratch, python });
        warm([source.file]);
        const log = (line) => console.error(`${name} ${file} ${line}`);
        const contest = await hold(contestants, { rounds, answer, log });
        measured[file] = { file, commit, bytes: notes?.bytes ?? source.bytes, notes, ...contest };
      }
      results.measurements[name] = { title, files: measured };
      console.log(`\n${formatMeasurement(results.measurements[name])}`);
      if (json !== undefined) writeFileSync(json, `${JSON.stringify(results, null, 1)}\n`);
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return results;
}

function parseOptions() {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      only: { type: 'string', default: '' },
      files: { type: 'string', default: '' },
      size: { type: 'string', default: 'full' },
      data: { type: 'string', default: path.join(tmpdir(), 'mapreduce-bench') },
      json: { type: 'string' },
      document: { type: 'string' },
      render: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return null;
  }
  const list = (text) => text.split(',').filter((name) => name !== '');
  return {
    rounds: Number.parseInt(values.rounds, 10),
    only: list(values.only),
    fileNames: list(values.files),
    size: values.size,
    directory: path.resolve(values.data),
    json: values.json,
    document: values.document,
    isRender: values.render,
  };
}

/** Of the same size only: figures of small files say nothing about large ones. */
function readEarlier(json, size) {
  if (json === undefined || !existsSync(json)) return {};
  const earlier = JSON.parse(readFileSync(json, 'utf8'));
  return earlier.size === size ? earlier.measurements : {};
}

/** Null outside a clone. */
function describeCommit() {
  const { stdout } = spawnSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' });
  return stdout?.trim() || null;
}

function describeMachine() {
  return {
    processor: cpus()[0].model,
    cores: cpus().length,
    memoryBytes: totalmem(),
    system: `${type()} ${release()}`,
    node: process.version,
  };
}
