import { type BehaviourRow, describeBehaviour } from './describe-behaviour';

/** Names that `Object.prototype` has, or that a plain object treats in its own way. */
const PROTOTYPE_NAMES = [
  '__proto__',
  'constructor',
  'toString',
  'valueOf',
  'hasOwnProperty',
  'isPrototypeOf',
  '__defineGetter__',
  'length',
];

const lines = (...records: string[]) => records.map((record) => `${record}\n`).join('');

describeBehaviour('Record meaning', [
  {
    id: 'K01',
    what: 'takes the last of duplicate fields',
    input: lines(
      '{"url":"a","url":"b"}',
      '{"url":1,"url":"b"}',
      String.raw`{"url":"a","\u0075rl":"b"}`,
      '{"url":"a","url":1}',
      '{"url":"a","x":{"url":"c"},"url":null}',
    ),
    counts: [['b', 3]],
    bad: [
      ['url_not_string', 69, 19],
      ['url_not_string', 89, 38],
    ],
  },
  {
    id: 'K02',
    what: 'looks at the top level only',
    input: lines(
      '{"x":{"url":"a"}}',
      '{"x":[{"url":"a"}]}',
      '{"x":{"url":"a"},"url":"b"}',
      '{"url":"b","x":{"url":"a"}}',
      '{"url":"b","x":[{"url":"a"}]}',
    ),
    counts: [['b', 3]],
    bad: [
      ['missing_url', 0, 17],
      ['missing_url', 18, 19],
    ],
  },
  {
    id: 'K03',
    what: 'does not look into strings',
    input: lines(
      String.raw`{"x":"\"url\":\"a\""}`,
      String.raw`{"x":"{\"url\":\"a\"}","url":"b"}`,
      '{"x":"url"}',
    ),
    counts: [['b', 1]],
    bad: [
      ['missing_url', 0, 21],
      ['missing_url', 56, 11],
    ],
  },
  ...['null', '1', '-0.5e3', 'true', 'false', '[]', '["a"]', '{}', '{"url":"a"}'].map((value) => ({
    id: 'K04',
    what: `refuses ${value} as a URL`,
    input: `{"url":${value}}`,
    bad: [['url_not_string', 0, 8 + value.length]] as const,
  })),
  ...['{}', '{"URL":"a"}', '{" url":"a"}', '{"url ":"a"}', '{"ur":"a"}', '{"urll":"a"}', '{"":"a"}'].map(
    (record) => ({
      id: 'K05',
      what: `finds no URL in ${record}`,
      input: record,
      bad: [['missing_url', 0, record.length]] as const,
    }),
  ),
  ...PROTOTYPE_NAMES.map((name) => ({
    id: 'K06',
    what: `counts "${name}" like any other URL`,
    input: lines(`{"url":"${name}"}`, `{"url":"${name}"}`),
    counts: [[name, 2]] as const,
  })),
  {
    id: 'K07',
    what: 'takes no URL from a prototype',
    input: lines('{"__proto__":{"url":"evil"}}', '{"constructor":{"prototype":{"url":"evil"}}}'),
    bad: [
      ['missing_url', 0, 28],
      ['missing_url', 29, 44],
    ],
  },
  {
    id: 'K08',
    what: 'keeps apart strings that are the same number',
    input: lines(...['1', '01', '1.0', '-0', '0', 'NaN', '1e3', '1000'].map((url) => `{"url":"${url}"}`)),
    counts: ['1', '01', '1.0', '-0', '0', 'NaN', '1e3', '1000'].map((url) => [url, 1] as const),
  },
  ...[
    '{"url":"a",}',
    '{"url":"a","x":}',
    '{"url":"a","x":01}',
    '{"url":"a","x":1.}',
    '{"url":"a","x":+1}',
    '{"url":"a","x":NaN}',
    '{"url":"a","x":tru}',
    '{"url":"a","x":[1,]}',
    '{"url":"a","x":{"y"}}',
    '{"url":"a" "x":1}',
    '{"url":"a"]',
    '{"url":"a"',
    '{"url":"a"}}',
    '{url:"a"}',
    '{"url":"a"/**/}',
  ].map((record) => ({
    id: 'K09',
    what: `gives no credit for the URL in ${record}`,
    input: record,
    bad: [['malformed_json', 0, record.length]] as const,
  })),
  ...[
    '{"x":,"url":"a"}',
    '{"x":1.,"url":"a"}',
    '{"x":[1,],"url":"a"}',
    '{,"url":"a"}',
    '{"x":"\t","url":"a"}',
  ].map((record) => ({
    id: 'K10',
    what: `gives no credit for the URL behind the error in ${JSON.stringify(record)}`,
    input: record,
    bad: [['malformed_json', 0, record.length]] as const,
  })),
  {
    id: 'K11',
    what: 'takes numbers of any size',
    input: lines(
      '{"x":1e999,"url":"a"}',
      `{"x":-${'9'.repeat(30)}.${'1'.repeat(30)}E-99,"url":"a"}`,
      '{"url":"a","x":-0}',
      '{"url":"a","x":0e0}',
    ),
    counts: [['a', 4]],
  },
  ...[' ', '\n', '\r\n', '"', '\\', '\ufeff', '\u202e', '/', "'", '</script>', '=1+1', '\u001b[2J'].map(
    (url) => ({
      id: 'K12',
      what: `counts ${JSON.stringify(url)} verbatim`,
      input: lines(JSON.stringify({ url }), JSON.stringify({ n: 1, url })),
      counts: [[url, 2]] as const,
    }),
  ),
]);

const configured = (urlField: string, row: Omit<BehaviourRow, 'id' | 'urlField'>): BehaviourRow => ({
  id: 'C9',
  urlField,
  ...row,
});

describeBehaviour('A configured field', [
  ...PROTOTYPE_NAMES.flatMap((name) => [
    configured(name, {
      what: `named ${name} is never inherited`,
      input: lines('{}', '{"url":"a"}', '"x"', '["x"]'),
      bad: [
        ['missing_url', 0, 2],
        ['missing_url', 3, 11],
        ['not_object', 15, 3],
        ['not_object', 19, 5],
      ],
    }),
    configured(name, {
      what: `named ${name} is read where a record has it`,
      input: lines(`{"${name}":"a"}`, `{"x":1,"${name}":"b","${name}":"a"}`, `{"${name}":1}`),
      counts: [['a', 2]],
      bad: [['url_not_string', 31 + 3 * name.length, 6 + name.length]],
    }),
  ]),
  configured('__proto__', {
    what: 'named __proto__ is not a URL when it is an object',
    input: '{"__proto__":{"url":"evil"}}',
    bad: [['url_not_string', 0, 28]],
  }),
  configured('request.url', {
    what: 'with a dot is a path into objects',
    input: lines(
      '{"request":{"url":"a"}}',
      '{"x":1,"request":{"y":{"url":"z"},"url":"a","w":[]}}',
      '{"request.url":"a"}',
      '{"url":"a"}',
      '{"request":{}}',
    ),
    counts: [['a', 2]],
    bad: [
      ['missing_url', 77, 19],
      ['missing_url', 97, 11],
      ['missing_url', 109, 14],
    ],
  }),
  configured('request.url', {
    what: 'with a dot does not go through what is no object',
    input: lines('{"request":null}', '{"request":"x"}', '{"request":[{"url":"a"}]}', '{"request":1}'),
    bad: [
      ['missing_url', 0, 16],
      ['missing_url', 17, 15],
      ['missing_url', 33, 25],
      ['missing_url', 59, 13],
    ],
  }),
  configured('request.url', {
    what: 'with a dot takes the last of duplicates at each level',
    input: lines(
      '{"request":{"url":"a"},"request":{"url":"b"}}',
      '{"request":{"url":"a","url":"b"}}',
      '{"request":1,"request":{"url":"b"}}',
      '{"request":{"url":"a"},"request":{}}',
      '{"request":{"url":"a"},"request":1}',
      '{"request":{"url":"a","url":1}}',
    ),
    counts: [['b', 3]],
    bad: [
      ['missing_url', 116, 36],
      ['missing_url', 153, 35],
      ['url_not_string', 189, 31],
    ],
  }),
  configured('request.length', {
    what: 'with a dot takes nothing of strings and arrays',
    input: lines('{"request":"abc"}', '{"request":[1]}', '{"request":{"length":"a"}}'),
    counts: [['a', 1]],
    bad: [
      ['missing_url', 0, 17],
      ['missing_url', 18, 15],
    ],
  }),
  configured('__proto__.url', {
    what: 'with a dot goes through an own __proto__ only',
    input: lines('{"__proto__":{"url":"a"}}', '{"url":"a"}'),
    counts: [['a', 1]],
    bad: [['missing_url', 26, 11]],
  }),
  configured('a.b.c', {
    what: 'may be three levels down',
    input: lines('{"a":{"b":{"c":"x"}}}', '{"a":{"b":{"d":"x"}},"c":"x"}', '{"a":{"c":"x"}}'),
    counts: [['x', 1]],
    bad: [
      ['missing_url', 22, 29],
      ['missing_url', 52, 15],
    ],
  }),
  configured('größe😀', {
    what: 'may have any name',
    input: lines('{"größe😀":"a"}', String.raw`{"gr\u00f6\u00dfe\ud83d\ude00":"a"}`),
    counts: [['a', 2]],
  }),
  configured('\ud800', {
    what: 'may be named by a lone surrogate, which is not U+FFFD',
    input: lines(String.raw`{"\ud800":"a"}`, '{"\ufffd":"b"}'),
    counts: [['a', 1]],
    bad: [['missing_url', 15, 11]],
  }),
]);

describe('Object.prototype', () => {
  it('K07 is the same after all of this', () => {
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(Reflect.has({}, 'url')).toBe(false);
  });
});
