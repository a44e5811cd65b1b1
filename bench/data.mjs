// The files of the benchmark: the same bytes for the same name and size on every machine, with known answers.
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';

/** In the names of the files: raise it when a generator changes, or old files are taken for new ones. */
const VERSION = 1;
const BATCH_CHARACTERS = 1024 * 1024;
const START_MS = Date.UTC(2025, 11, 1);

const HOSTS = Array.from(
  { length: 48 },
  (_, index) => `www.${'abcdefghijklmnop'.slice(index % 11, 5 + (index % 11))}${index}.example`,
);
const SECTIONS = [
  'articles',
  'products',
  'search',
  'users/profile',
  'images/large',
  'api/v2/orders',
  'static/css',
  'blog/2025',
];
const METHODS = ['GET', 'GET', 'GET', 'GET', 'HEAD', 'POST'];
const STATUSES = [200, 200, 200, 200, 304, 301, 404, 500];
const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64)',
  'Mozilla/5.0 (Macintosh; Intel)',
  'Mozilla/5.0 (Windows NT 10.0)',
  'curl/8.5.0',
];
const LONG_AGENT =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36';
const MESSAGES = [
  'said \\"hello\\" and left',
  'C:\\\\Users\\\\guest\\\\file.txt',
  'first line\\nsecond line\\tindented',
  'caf\\u00e9 \\u2014 na\\u00efve',
  'Grüße aus Köln, 東京 and \\ud83d\\ude80',
];

/**
 * `full` is for contests of processes that stay, `large` for whole jobs, of which a smaller file would measure the
 * start; where there is no `large`, `full` is. `repeats` says which of the URLs seen so far a line repeats: `zipf`, where the n-th occurs about 1/n as
 * often as the first, or `uniform`, which no cache can help with.
 */
export const FILES = {
  A: {
    title: 'about 200-byte lines, 100 thousand URLs by Zipf’s law',
    full: { lines: 2_100_000, unique: 100_000 },
    large: { lines: 11_000_000, unique: 100_000 },
    small: { lines: 210_000, unique: 10_000 },
    tiny: { lines: 5_000, unique: 1_000 },
    repeats: 'zipf',
    formatLine: shortLine,
  },
  C: {
    title: 'about 800-byte lines, 86 thousand URLs by Zipf’s law',
    full: { lines: 500_000, unique: 86_000 },
    large: { lines: 2_600_000, unique: 86_000 },
    small: { lines: 50_000, unique: 8_600 },
    repeats: 'zipf',
    formatLine: longLine,
  },
  B: {
    title: 'about 200-byte lines, 5 million URLs, 46 % of the lines first sightings, the others uniform',
    full: { lines: 10_800_000, unique: 5_000_000 },
    small: { lines: 540_000, unique: 250_000 },
    repeats: 'uniform',
    formatLine: shortLine,
  },
  E: {
    title:
      'about 300-byte lines, 100 thousand URLs, the key last, escapes in most strings and in half the URLs',
    full: { lines: 1_300_000, unique: 100_000 },
    large: { lines: 7_500_000, unique: 100_000 },
    small: { lines: 130_000, unique: 10_000 },
    repeats: 'zipf',
    formatLine: escapedLine,
  },
};

/** Makes the file where it is missing. Returns its path, its size and the answer to expect. */
export function ensureFile(directory, name, size) {
  const file = path.join(directory, `${name.toLowerCase()}-${size}-v${VERSION}.jsonl`);
  const answerFile = `${file}.answer`;
  if (!existsSync(answerFile)) {
    mkdirSync(directory, { recursive: true });
    const answer = writeLines(`${file}.unfinished`, FILES[name], FILES[name][size]);
    renameSync(`${file}.unfinished`, file);
    writeFileSync(answerFile, JSON.stringify(answer));
  }
  return { name, file, ...JSON.parse(readFileSync(answerFile, 'utf8')) };
}

function writeLines(file, { repeats, formatLine }, { lines, unique }) {
  const random = createRandom(unique);
  const output = openSync(file, 'w');
  let introduced = 0;
  let bytes = 0;
  let batch = '';
  const flush = () => {
    const encoded = Buffer.from(batch);
    for (let at = 0; at < encoded.length; ) at += writeSync(output, encoded, at);
    bytes += encoded.length;
    batch = '';
  };
  try {
    for (let line = 0; line < lines; line++) {
      // First sightings are spread evenly, so that every part of the file has new URLs.
      const isFirstSighting = introduced < Math.ceil(((line + 1) * unique) / lines);
      const rank = isFirstSighting ? introduced++ : pickSeen(random(), introduced, repeats);
      batch += formatLine(line, urlOf(rank), random);
      if (batch.length >= BATCH_CHARACTERS) flush();
    }
    flush();
  } finally {
    closeSync(output);
  }
  return { bytes, unique: introduced, total: lines };
}

function pickSeen(random, introduced, repeats) {
  if (repeats === 'uniform') return Math.floor(random * introduced);
  return Math.floor(Math.exp(random * Math.log(introduced + 1))) - 1;
}

/** 45 to 80 characters, unlike between neighbours, and never the same for two ranks. */
function urlOf(rank) {
  const mixed = Math.imul(rank + 1, 0x9e3779b1) >>> 0;
  return `https://${HOSTS[mixed % 48]}/${SECTIONS[mixed >>> 29]}/${mixed.toString(36)}-${rank}${rank % 3 === 0 ? '?ref=newsletter' : ''}`;
}

function shortLine(line, url, random) {
  const a = random() * 2 ** 32;
  const b = random() * 2 ** 32;
  return `{"ts":${START_MS + line * 7},"ip":"10.${(a >>> 24) & 255}.${(a >>> 16) & 255}.${(a >>> 8) & 255}","method":"${METHODS[(b % 6) | 0]}","url":"${url}","status":${STATUSES[a & 7]},"bytes":${(b >>> 4) % 100_000},"duration_ms":${(a >>> 3) % 2_000},"agent":"${AGENTS[b & 3]}"}\n`;
}

function longLine(line, url, random) {
  const a = random() * 2 ** 32;
  const b = random() * 2 ** 32;
  const id = `${(a >>> 0).toString(16)}-${(b >>> 0).toString(16)}`;
  return `{"ts":${START_MS + line * 7},"id":"${id}","trace":{"span":"${id}${id}","parent":null,"sampled":${(a & 1) === 0}},"client":{"ip":"10.${(a >>> 24) & 255}.${(a >>> 16) & 255}.${(a >>> 8) & 255}","port":${b & 65535},"agent":"${LONG_AGENT}","languages":["en-GB","en","de"],"geo":{"lat":${((a % 180) - 90).toFixed(5)},"lon":${((b % 360) - 180).toFixed(5)},"country":"DE"}},"request":{"method":"${METHODS[(b % 6) | 0]}","referer":"https://search.example/results?q=${id}&page=${a & 15}","headers":{"accept":"text/html,application/xhtml+xml,application/xml;q=0.9","accept-encoding":"gzip, deflate, br","cookie":"session=${id}${id}; consent=yes"}},"url":"${url}","response":{"status":${STATUSES[a & 7]},"bytes":${(b >>> 4) % 100_000},"cached":false,"timings":[${(a >>> 3) % 900},${(b >>> 3) % 900},${(a >>> 9) % 90}]},"tags":["edge","eu-central","release-${b & 7}"]}\n`;
}

function escapedLine(line, url, random) {
  const a = random() * 2 ** 32;
  // The same URL in two spellings: whoever does not decode it finds too many.
  const spelled = (a & 1) === 0 ? url : url.replaceAll('/', '\\/');
  return `{"ts":${START_MS + line * 7},"level":"info","message":"${MESSAGES[(a >>> 4) % 5]}","path":"C:\\\\logs\\\\${a & 255}\\\\access.log","note":"${MESSAGES[(a >>> 8) % 5]}; ${MESSAGES[(a >>> 12) % 5]}","status":${STATUSES[a & 7]},"fields":{"quoted":"\\"${(a >>> 5) % 9999}\\""},"url":"${spelled}"}\n`;
}

/** SplitMix32: a number in [0, 1). Reproducibility is the point, and `Math.random` takes no seed. */
function createRandom(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}
