// What a whole job left on disk: read back, added up, and its order checked.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/**
 * A check for `job`: the first output is read to the last byte; a later one must consist of files of the same
 * sizes, which a wrong count would hardly have.
 */
export function outputCheck(readFile, { isSorted }) {
  let known;
  return (out) => {
    const files = listFiles(out);
    const sizes = files.map((file) => statSync(file).size).sort((a, b) => a - b);
    if (known !== undefined && sizes.join() === known.sizes.join()) return known.answer;
    const answer = { unique: 0, total: 0 };
    for (const file of files) {
      let previous = null;
      for (const [url, count] of readFile(file)) {
        answer.unique++;
        answer.total += count;
        if (!isSorted) continue;
        const bytes = Buffer.from(url);
        if (previous !== null && Buffer.compare(previous, bytes) >= 0) {
          throw new Error(`wrong order in ${path.basename(file)}: ${url} comes too late`);
        }
        previous = bytes;
      }
    }
    known = { sizes, answer };
    return answer;
  };
}

function listFiles(out) {
  return readdirSync(out, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.json') && entry.name !== 'manifest.json')
    .map((entry) => path.join(entry.parentPath, entry.name));
}

/** bucket_<p>.json: one object, one URL a line. */
export function* readBucket(file) {
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (!line.startsWith('"')) continue;
    const colon = line.lastIndexOf(':');
    yield [JSON.parse(line.slice(0, colon)), Number.parseInt(line.slice(colon + 1), 10)];
  }
}

/** DuckDB's: one object a line. */
export function* readRecords(file) {
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line === '') continue;
    const { url, count } = JSON.parse(line);
    yield [url, Number(count)];
  }
}
