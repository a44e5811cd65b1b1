/** Lines that are JSON, nearly JSON, or not at all: the grammar with mistakes, then mutated bytes. */
export interface JsonLines {
  /** A file of `lines` lines, with or without a byte order mark and a last LF. */
  file(lines: number): Buffer;
  pick<Item>(items: readonly Item[]): Item;
}

const FRAGMENTS = [
  ...[
    'a',
    'b',
    'url',
    'https://x.y/',
    '\\"',
    '\\\\',
    '\\/',
    '\\b',
    '\\f',
    '\\n',
    '\\r',
    '\\t',
    '\\u0061',
    '\\u00e9',
  ],
  ...[
    '\\ud83d\\ude00',
    '\\ud800',
    '\\udc00',
    '\\uD83D',
    '\\u0000',
    'é',
    '😀',
    '日本',
    '\u2028',
    '\x7f',
    '\ufffd',
    '\uffff',
  ],
  ...[
    '__proto__',
    '0123456789abcdef',
    'x'.repeat(15),
    'y'.repeat(16),
    'z'.repeat(17),
    'w'.repeat(63),
    'v'.repeat(300),
  ],
  ...[' ', '{', '}', '[', ']', ':', ',', '\ufeff'],
];
const BROKEN_FRAGMENTS = ['\\x', '\\u12', '\\u12g4', '\x00', '\x1f', '\t', '\\', '"'];
const NUMBERS = [
  ...[
    '0',
    '-0',
    '1',
    '-1',
    '12.5',
    '1e5',
    '1E+5',
    '1e-5',
    '1e999',
    '0.1',
    '123456789012345678901234567890',
    '1.5e3',
  ],
  ...['01', '1.', '.5', '-', '+1', '1e', '1e+', '0x1', '--1', 'NaN', '-Infinity'],
];
const LITERALS = ['true', 'false', 'null', 'true', 'false', 'null', 'tru', 'nulll', 'True', 'fals', 'falsy'];
const KEYS = [
  ...[
    '"url"',
    '"url"',
    '"url"',
    '"\\u0075rl"',
    '"ur\\u006c"',
    '"URL"',
    '"u"',
    '"url "',
    '""',
    '"request"',
    '"toString"',
  ],
  ...['"__proto__"', '"a"', '"bb"', '"x.y"', '"é"'],
];
const ODD_LINES = [
  '',
  ' ',
  '\t\r',
  '\u00a0',
  '\ufeff',
  '\ufeff{"url":"a"}',
  '{"url":"a"}{"url":"b"}',
  '{"url":"a"},',
];
const RECENT_LINES = 8;
const TELLING_BYTES = [
  0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x5d, 0x2c, 0x3a, 0xff, 0xc0, 0x80, 0xed, 0xf4, 0xe0, 0xf0, 0x0a,
];

export function createJsonLines(random: () => number): JsonLines {
  const below = (limit: number) => Math.floor(random() * limit);
  const pick = <Item>(items: readonly Item[]): Item => items[below(items.length)] as Item;
  const times = <Item>(limit: number, make: () => Item) => Array.from({ length: below(limit) }, make);
  const space = () => pick(['', '', '', '', '', ' ', '\t', '  ', '\r']);
  const tail = () => (random() < 0.01 ? ',' : '');

  const string = () => `"${times(5, () => pick(random() < 0.01 ? BROKEN_FRAGMENTS : FRAGMENTS)).join('')}"`;
  const member = (depth: number) =>
    `${space()}${random() < 0.1 ? string() : pick(KEYS)}${space()}:${space()}${random() < 0.5 ? string() : value(depth)}${space()}`;
  const object = (depth: number) => `{${times(5, () => member(depth)).join(',') || space()}${tail()}}`;
  const array = (depth: number) =>
    `[${times(4, () => space() + value(depth) + space()).join(',') || space()}${tail()}]`;
  const value = (depth: number): string => {
    const kind = random();
    if (depth > 4 || kind < 0.35) return string();
    if (kind < 0.55) return pick(NUMBERS);
    if (kind < 0.7) return pick(LITERALS);
    return kind < 0.85 ? object(depth + 1) : array(depth + 1);
  };
  const nested = () => {
    const depth = below(40);
    return `{"a":${'['.repeat(depth)}${']'.repeat(depth)},"url":"d"}`;
  };
  const text = () => {
    const kind = random();
    if (kind < 0.8) return space() + object(0) + space();
    if (kind < 0.9) return `{"url":${string()},"n":${value(0)}}`;
    if (kind < 0.94) return space() + value(0) + space();
    return kind < 0.97 ? pick(ODD_LINES) : nested();
  };

  const mutate = (bytes: Buffer): Buffer => {
    const at = below(bytes.length + 1);
    const [before, behind] = [bytes.subarray(0, at), bytes.subarray(at)];
    const byte = Buffer.of(random() < 0.5 ? pick(TELLING_BYTES) : below(256));
    return pick([
      () => Buffer.concat([before, byte, behind]),
      () => Buffer.concat([before, byte, behind.subarray(1)]),
      () => Buffer.concat([before, behind.subarray(1)]),
      () => before,
    ])();
  };
  // Logs repeat themselves, and an engine may count on it: lines that are almost those of before.
  const recent: Buffer[] = [];
  const line = () => {
    const bytes = random() < 0.5 && recent.length > 0 ? pick(recent) : Buffer.from(text());
    const mutated = random() < 0.25 ? mutate(bytes) : bytes;
    recent.splice(below(RECENT_LINES), 1, mutated);
    return mutated;
  };

  return {
    pick,
    file(lines) {
      const pieces = Array.from({ length: lines }, () => [line(), Buffer.from('\n')]).flat();
      if (random() < 0.1) pieces.unshift(Buffer.from('\ufeff'));
      return Buffer.concat(random() < 0.3 ? pieces.slice(0, -1) : pieces);
    },
  };
}

/** SplitMix32: a number in [0, 1), the same for the same seed. */
export function createRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}
