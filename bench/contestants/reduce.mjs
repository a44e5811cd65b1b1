// The partial counts of many mappers, in memory, to one count for every URL, and to the text of the output.
import { readFileSync } from 'node:fs';
import { engineOf, MERGER_OPTIONS } from './engines.mjs';
import { serve } from './serve.mjs';

const [kind, partialsFile] = process.argv.slice(2);
const { partitions } = JSON.parse(readFileSync(partialsFile, 'utf8'));
const isJson = kind === 'json';
const inputs = partitions.map((partials) =>
  partials.map(({ rows, json }) => readFileSync(isJson ? json : rows)),
);

await serve(() => {
  let mergeMs = 0;
  let formattedBytes = 0;
  const answer = { unique: 0, total: 0 };
  for (const partials of inputs) {
    const startedMs = performance.now();
    const merged = isJson ? mergeJson(partials) : mergeRows(partials);
    mergeMs += performance.now() - startedMs;
    formattedBytes += merged.format();
    answer.unique += merged.unique;
    answer.total += merged.total;
    merged.close();
  }
  return { ...answer, mergeSeconds: mergeMs / 1000, formattedBytes };
});

function mergeRows(partials) {
  const merger = engineOf(kind).createMerger(MERGER_OPTIONS);
  for (const rows of partials) merger.add(rows);
  return {
    unique: merger.unique,
    total: merger.total,
    format: () => {
      let bytes = 0;
      for (const piece of merger.format()) bytes += piece.length;
      return bytes;
    },
    close: () => merger.close(),
  };
}

/** As in a pipeline that shuffles JSON: parse, add up in a Map, print; not sorted. */
function mergeJson(partials) {
  const counts = new Map();
  let total = 0;
  for (const text of partials) {
    for (const [url, count] of Object.entries(JSON.parse(text))) {
      counts.set(url, (counts.get(url) ?? 0) + count);
      total += count;
    }
  }
  return {
    unique: counts.size,
    total,
    format: () => Buffer.byteLength(JSON.stringify(Object.fromEntries(counts))),
    close: () => undefined,
  };
}
