// The files that a search begins with.
import { readdirSync, readFileSync } from 'node:fs';
import { CORPUS_FIELDS } from '../packages/kernel/test/examine';
import { createJsonLines } from '../packages/kernel/test/json-lines';

/** From the root of the clone, where `pnpm` runs scripts. */
export const CORPUS = 'packages/kernel/test/corpus';

const LINES = 24;
const GRAMMAR_FILES = 30;
const GRAMMAR_LINES = 8;

const URLS = ['a', 'b', 'c'];
const ESCAPES = '\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u0000\\ud83d\\ude00\\ud800\\udc00';
const NUMBERS = ['0', '-0', '10', '-1.50', '1e5', '1E+05', '0.1e-1', '01', '1.', '-', '1e', '+1', '.5'];
const VALUES = ['"s"', '-1', 'true', 'false', 'null', '{}', '[]', '[1,"x"]', '{"w":0}', 'tru', 'nul'];
const NAMES = ['\\u0075rl', 'ur\\u006c', 'u\\/l', 'url', 'u\\u0072l', 'uri'];
const REQUESTS = ['{}', '1', '{"url":2}', '[]', '{"m":"GET","n":1,"url":"r"}', '{"request":{"url":"a"}}'];
const PLACES = ['{"c":1,"x":"y"}', '[{"c":1,"x":"y"}]', '{"c":[{"c":1,"x":"y"}]}', '[[{"c":1,"x":"y"}]]'];
const TEXT_BYTES = [15, 16, 17, 31, 32, 33, 63, 64, 65];

const LONG_NAMES = [17, 48, 70].map((length) => 'n'.repeat(length));

const of = (items, index) => items[index % items.length];
const nest = (open, inner, close, depth) => `${open.repeat(depth)}${inner}${close.repeat(depth)}`;

/**
 * Lines that are almost those before: an engine remembers what it has read, and a mistake in that shows in the lines
 * behind.
 */
const REPEATED = {
  url: [
    (url, index) => `{"t" : ${index} ,\t"url":"${url}","o":{"k":"v","l":[1,true]}} `,
    (url, index) => `{"v":${of(VALUES, index)},"url":"${url}"}`,
    (url, index) => `{"n":${of(NUMBERS, index)},"url":"${url}","m":${of(NUMBERS, index * 5)}}`,
    (url, index) => `{"url":"${url}","u":1,"url":${of(VALUES, index)},"v":"${url}"}`,
    (url, index) => `{"${of(NAMES, index)}":"${url}"}`,
    // Strings and windows: an escape, a run of backslashes, a character of several bytes where 16 or 64 bytes end.
    (url, index) => `{"e":"${'x'.repeat(46 + index)}${ESCAPES}","url":"${ESCAPES}${url}"}`,
    (url, index) => `{"e":"${'\\\\'.repeat(26 + index)}\\"","url":"${'\\/'.repeat(index)}${url}"}`,
    (url, index) => `{"e":"${'x'.repeat(index * 3)}é日本😀${'y'.repeat(20)}","url":"é${url}"}`,
    // More texts behind the same one than are remembered, more texts in all, and as long as they may be.
    (url, index) => `{"${of('abcdefg', index)}":1,"url":"${url}"}`,
    (url, index) => `{"${index}":1,"url":"${url}${index}","${-index}":2}`,
    (url, index) => `{"x":1,"${'n'.repeat(of(TEXT_BYTES, index) - 4)}":1,"url":"${url}"}`,
    (url, index) => `{"x":1${' '.repeat(of(TEXT_BYTES, index) - 8)},"url":"${url}"}`,
    // About 64 open containers.
    (url, index) => `{"x":${nest('[{"k":', '1', '}]', 30 + (index % 4))},"url":"${url}"}`,
    (url, index) => `{"x":${nest('[1,', '2', ',3]', 60 + (index % 7))},"url":"${url}"}`,
    // The same texts in other places.
    (url, index) => `{"o":${of(PLACES, index)},"c":1,"x":"y","p":${of(PLACES, index * 5)},"url":"${url}"}`,
    (url, index) =>
      `{"url":"https://x.y/${index % 4}/${'p'.repeat(index % 9)}\\u0000${url.repeat(index % 3)}"}`,
    () => '?',
  ],
  'request.url': [
    (url, index) => `{"request":{"m":"GET","n":1,"url":"${url}"},"request":${of(REQUESTS, index)}}`,
    (url, index) => `{"request":${of(REQUESTS, index)},"response":{"m":"GET","n":1,"url":"${url}"}}`,
  ],
  'a.bb': [
    (url, index) => `{"\\u0061":{"${of(['bb', '\\u0062b'], index)}":"${url}"},"a":{"b":[{"bb":1}]}}`,
    (url, index) => `{"${of('ao', index)}":{"c":1,"bb":"${url}","d":[],"bb":{}},"a":{"d":[],"bb":"${url}"}}`,
  ],
  ...Object.fromEntries(
    LONG_NAMES.map((name) => [
      name,
      [(url, index) => `{"${of([name, `${name.slice(1)}m`, `\\u006e${name.slice(1)}`], index)}":"${url}"}`],
    ]),
  ),
};

/** Files and the field that is looked for in them. */
export function createSeeds(random) {
  const lines = createJsonLines(random);
  const seeds = [];
  for (const name of readdirSync(CORPUS)) {
    for (const urlField of CORPUS_FIELDS) seeds.push({ urlField, file: readFileSync(`${CORPUS}/${name}`) });
  }
  for (const [urlField, formats] of Object.entries(REPEATED)) {
    for (const format of formats) {
      const repeated = Array.from({ length: LINES }, (_, index) => `${format(of(URLS, index), index)}\n`);
      seeds.push({ urlField, file: Buffer.from(repeated.join('')) });
    }
  }
  for (let file = 0; file < GRAMMAR_FILES; file++) {
    seeds.push({ urlField: lines.pick(['url', 'a.bb', 'é']), file: lines.file(GRAMMAR_LINES) });
  }
  return seeds;
}
