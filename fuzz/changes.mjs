// Ways to make another file of one.
import { createJsonLines } from '../packages/kernel/test/json-lines';

const MAX_CHANGES = 4;
const MAX_COPIES = 70;
const LF = 0x0a;
const NOTHING = Buffer.alloc(0);

const TEXTS = [
  ...[
    '"url":',
    '"a":',
    '"bb":',
    '"request":',
    '"\\u0075rl":',
    '{"url":"',
    '{"a":{"bb":"',
    '"}\n',
    '",',
    '1,',
  ],
  ...['"', ':', ',', '[', ']', '{', '}', ' ', '\t', '\r', '\n', '[]', '{}', '""', 'true', 'false', 'null'],
  ...['0', '-0', '1.5e-3', '1E+5', '\\', '\\"', '\\\\', '\\/', '\\n', '\\u', '\\u0061', '\\u0000', '\\u00e9'],
  ...[
    '\\ud83d\\ude00',
    '\\ud800',
    '\\udc00',
    '\x00',
    '\x7f',
    'é',
    '日本',
    '😀',
    '\ud7ff',
    '\ue000',
    '\ufeff',
  ],
];
const BROKEN_UTF8 = ['80', 'ff', 'c080', 'e09fbf', 'eda080', 'f08fbfbf', 'f4908080'];
const PIECES = [
  ...TEXTS.map((text) => Buffer.from(text)),
  ...BROKEN_UTF8.map((digits) => Buffer.from(digits, 'hex')),
];

/** Returns a file a little different from the first, perhaps with something of the second. */
export function createChange(random) {
  const lines = createJsonLines(random);
  const { pick } = lines;
  const below = (limit) => Math.floor(random() * limit);

  // Where something in a file begins and ends.
  const gap = (file, at = below(file.length + 1)) => [at, at];
  const byte = (file, at = below(file.length)) => [at, at + 1];
  const stretch = (file, from = below(file.length)) => [from, from + 1 + below(pick([4, 16, 64, 256]))];
  const line = (file, at = below(file.length + 1)) => {
    const lf = file.indexOf(LF, at);
    return [at === 0 ? 0 : file.lastIndexOf(LF, at - 1) + 1, lf === -1 ? file.length : lf + 1];
  };
  const lineStart = (file) => gap(file, line(file)[0]);
  const value = (file, start = below(file.length)) => {
    const text = file.toString('latin1', start);
    const from = Math.max(0, text.search(/[[{"]/));
    return [start + from, start + from + lengthOfValue(text.slice(from))];
  };

  const some = (file) => file.subarray(...pick([stretch, line, value])(file));
  const replace = (file, [from, to], piece) =>
    Buffer.concat([file.subarray(0, from), piece, file.subarray(to)]);
  const copies = (piece) => Buffer.concat(Array(1 + below(MAX_COPIES)).fill(piece));

  const changes = [
    (file) => replace(file, pick([gap, byte, stretch, value])(file), pick(PIECES)),
    (file) => replace(file, byte(file), pick(PIECES)),
    (file) => replace(file, byte(file), Buffer.of(below(256))),
    (file) => replace(file, pick([byte, stretch, line])(file), NOTHING),
    (file) => replace(file, gap(file), some(file)),
    (file) => replace(file, gap(file), copies(file.subarray(...pick([byte, stretch])(file)))),
    (file) => replace(file, value(file), file.subarray(...value(file))),
    (file) => replace(file, lineStart(file), lines.file(1)),
    (file, other) => replace(file, gap(file), some(other)),
    (file, other) => replace(file, value(file), other.subarray(...value(other))),
    (file, other) => replace(file, lineStart(file), other.subarray(...line(other))),
    (file) => replace(file, lineStart(file), pick(changes)(file.subarray(...line(file)), file)),
    (file) => replace(file, lineStart(file), pick(changes)(file.subarray(...line(file)), file)),
  ];

  return (file, other) => {
    let changed = file;
    for (let left = 1 + below(MAX_CHANGES); left > 0; left--) changed = pick(changes)(changed, other);
    return changed;
  };
}

/** Of the string, array or object that a text begins with; a bracket in a string is taken for one as well. */
function lengthOfValue(text) {
  if (text.startsWith('"')) return text.match(/^"(\\.|[^"\\])*"?/)[0].length;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if ('[{'.includes(text[at])) depth++;
    if (']}'.includes(text[at]) && --depth === 0) return at + 1;
  }
  return text.length;
}
