// What a reducer is given: the counts of 16 mappers in some partitions, as binary rows and as JSON.
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { countRanges, engineOf, mergeRuns } from './contestants/engines.mjs';

const MAPPERS = 16;

/** Returns the path of a list of the partials, and the answer of the engine that made them. */
function makePartials(directory, { file, bytes }, partitions) {
  mkdirSync(directory, { recursive: true });
  const engine = engineOf('wasm');
  const descriptor = openSync(file, 'r');
  const ranges = cut(descriptor, bytes);
  const list = partitions.map(() => []);
  const all = [];
  let records = 0;
  for (const [mapper, range] of ranges.entries()) {
    const pending = [range];
    const runs = countRanges(engine, descriptor, () => pending.pop() ?? null);
    for (const [index, partition] of partitions.entries()) {
      const rows = Buffer.concat(runs.filter((run) => run.partition === partition).map((run) => run.rows));
      const name = path.join(directory, `${mapper}-${partition}`);
      const counts = decodeRows(rows);
      records += counts.length;
      writeFileSync(`${name}.rows`, rows);
      writeFileSync(`${name}.json`, JSON.stringify(Object.fromEntries(sumUp(counts))));
      list[index].push({ rows: `${name}.rows`, json: `${name}.json` });
      all.push({ partition, rows });
    }
  }
  closeSync(descriptor);
  // By the definition, not by the engine that is to be measured.
  const answer = mergeRuns(engineOf('reference'), all, partitions);
  const listFile = path.join(directory, 'list.json');
  writeFileSync(listFile, JSON.stringify({ partitions: list, records, answer }));
  return listFile;
}

/** Makes them where they are missing. */
export function ensurePartials(directory, source, partitions) {
  const listFile = path.join(directory, 'list.json');
  if (!existsSync(listFile)) makePartials(directory, source, partitions);
  const { records, answer } = JSON.parse(readFileSync(listFile, 'utf8'));
  return { listFile, records, answer };
}

function decodeRows(rows) {
  const counts = [];
  for (let at = 0; at < rows.length; ) {
    const isLong = rows.readUInt32LE(at) === 0;
    const length = isLong ? rows.readUInt32LE(at + 4) : rows.readUInt16LE(at);
    const count = isLong ? Number(rows.readBigUInt64LE(at + 8)) : rows.readUInt16LE(at + 2);
    const key = at + (isLong ? 16 : 4);
    counts.push([rows.toString('utf8', key, key + length), count]);
    at = key + length;
  }
  return counts;
}

/** A mapper whose table was full has emitted some URLs twice. */
function sumUp(counts) {
  const sums = new Map();
  for (const [url, count] of counts) sums.set(url, (sums.get(url) ?? 0) + count);
  return sums;
}

function cut(descriptor, size) {
  const chunk = Buffer.allocUnsafe(64 * 1024);
  const cuts = [0];
  for (let index = 1; index < MAPPERS; index++) {
    const at = Math.floor((size / MAPPERS) * index);
    const length = readSync(descriptor, chunk, 0, chunk.length, at);
    cuts.push(at + chunk.subarray(0, length).indexOf(0x0a) + 1);
  }
  return cuts.map((start, index) => ({ start, end: cuts[index + 1] ?? size }));
}
