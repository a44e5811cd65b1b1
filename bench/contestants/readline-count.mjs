// What one would write first.
import { createReadStream } from 'node:fs';
import readline from 'node:readline';
import { serve } from './serve.mjs';

const [file] = process.argv.slice(2);

await serve(async () => {
  const counts = new Map();
  const lines = readline.createInterface({
    input: createReadStream(file),
    crlfDelay: Number.POSITIVE_INFINITY,
  });
  lines.on('line', (line) => {
    const { url } = JSON.parse(line);
    counts.set(url, (counts.get(url) ?? 0) + 1);
  });
  await new Promise((resolve) => lines.once('close', resolve));
  let total = 0;
  for (const count of counts.values()) total += count;
  return { unique: counts.size, total };
});
