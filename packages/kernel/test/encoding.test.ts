import { latin1 } from './count-lines';
import { describeBehaviour } from './describe-behaviour';

const withUrl = (bytes: string) => latin1(`{"url":"${bytes}"}`);

const INVALID_SEQUENCES = [
  ['an overlong slash in two bytes', '\xc0\xaf'],
  ['an overlong slash in three bytes', '\xe0\x80\xaf'],
  ['an overlong slash in four bytes', '\xf0\x80\x80\xaf'],
  ['an overlong NUL', '\xc0\x80'],
  ['an encoded high surrogate', '\xed\xa0\x80'],
  ['an encoded low surrogate', '\xed\xbf\xbf'],
  ['an encoded surrogate pair', '\xed\xa0\xbd\xed\xb8\x80'],
  ['a code point past 10FFFF', '\xf4\x90\x80\x80'],
  ['a lead byte past F4', '\xf5\x80\x80\x80'],
  ['a continuation byte alone', '\x80'],
  ['a two-byte sequence cut short', '\xc3'],
  ['a three-byte sequence cut short', '\xe2\x82'],
  ['a four-byte sequence cut short', '\xf0\x9f\x98'],
] as const;

describeBehaviour('Encoding', [
  {
    id: 'U01',
    what: 'does not merge bytes that are not UTF-8',
    input: latin1('{"url":"\xff"}\n{"url":"\xfe"}\n{"url":"\xc3\xbf"}\n'),
    counts: [['ÿ', 1]],
    bad: [
      ['invalid_utf8', 0, 11],
      ['invalid_utf8', 12, 11],
    ],
  },
  {
    id: 'U02',
    what: 'refuses bytes that are not UTF-8 anywhere in a line',
    input: latin1(
      '{"url":"a","x":"\xff"}\n{"url":"a"}\xff\n\xff{"url":"a"}\n{"url":"a","\xff":1}\n{"url":"a"}\n',
    ),
    counts: [['a', 1]],
    bad: [
      ['invalid_utf8', 0, 19],
      ['invalid_utf8', 20, 12],
      ['invalid_utf8', 33, 12],
      ['invalid_utf8', 46, 17],
    ],
  },
  ...INVALID_SEQUENCES.map(([what, bytes]) => ({
    id: 'U03',
    what: `refuses ${what}`,
    input: withUrl(bytes),
    bad: [['invalid_utf8', 0, 10 + bytes.length]] as const,
  })),
  {
    id: 'U03',
    what: 'refuses a sequence cut by the end of a line',
    input: latin1('\xf0\x9f\n\x98\x80\n{"url":"\xe2\x82'),
    bad: [
      ['invalid_utf8', 0, 2],
      ['invalid_utf8', 3, 2],
      ['invalid_utf8', 6, 10],
    ],
  },
  {
    id: 'U04',
    what: 'keeps apart the ends of the planes',
    input: ['\uffff', '\u{10000}', '😀', '\u{10ffff}', '\ufffd', '\u007f', '\u0080', '\u07ff', '\u0800']
      .map((url) => `{"url":"${url}"}\n`)
      .join(''),
    counts: ['\uffff', '\u{10000}', '😀', '\u{10ffff}', '\ufffd', '\u007f', '\u0080', '\u07ff', '\u0800'].map(
      (url) => [url, 1] as const,
    ),
  },
  {
    id: 'U05',
    what: 'keeps apart NFC and NFD',
    input: '{"url":"\u00e9"}\n{"url":"e\u0301"}\n',
    counts: [
      ['\u00e9', 1],
      ['e\u0301', 1],
    ],
  },
  {
    id: 'U06',
    what: 'keeps apart case, port, slash and percent signs',
    input: ['http://a', 'HTTP://a', 'http://a:80', 'http://a/', 'http://a/%7e', 'http://a/%7E', 'http://a/~']
      .map((url) => `{"url":"${url}"}\n`)
      .join(''),
    counts: [
      'http://a',
      'HTTP://a',
      'http://a:80',
      'http://a/',
      'http://a/%7e',
      'http://a/%7E',
      'http://a/~',
    ].map((url) => [url, 1] as const),
  },
]);

describeBehaviour('Escapes', [
  {
    id: 'E01',
    what: 'counts an escape as what it stands for',
    input: String.raw`{"url":"/aé"}
{"url":"\/\u0061\u00e9"}
{"url":"\u002f\u0061\u00E9"}
{"url":"\u002F\u0061é"}
`,
    counts: [['/aé', 4]],
  },
  {
    id: 'E01',
    what: 'knows every short escape',
    input: String.raw`{"url":"\"\\\/\b\f\n\r\t"}
{"url":"\u0022\u005c\u002f\u0008\u000c\u000a\u000d\u0009"}
`,
    counts: [['"\\/\b\f\n\r\t', 2]],
  },
  {
    id: 'E02',
    what: 'counts an escaped surrogate pair as its character',
    input: String.raw`{"url":"😀"}
{"url":"\ud83d\ude00"}
{"url":"\uD83D\uDE00"}
`,
    counts: [['😀', 3]],
  },
  {
    id: 'E03',
    what: 'keeps lone surrogates apart from each other and from U+FFFD',
    input: String.raw`{"url":"\ud800"}
{"url":"\udc00"}
{"url":"\ufffd"}
{"url":"�"}
{"url":"\uDC00"}
{"url":"\udc00\ud800"}
{"url":"\ud800a\udc00"}
`,
    counts: [
      ['\ud800', 1],
      ['\udc00', 2],
      ['\ufffd', 2],
      ['\udc00\ud800', 1],
      ['\ud800a\udc00', 1],
    ],
  },
  {
    id: 'E04',
    what: 'knows an escaped field name after a name that reads like its escape',
    input: String.raw`{"n":1,"\\u0":1}
{"n":1,"\u0075rl":"a"}
`,
    counts: [['a', 1]],
    bad: [['missing_url', 0, 16]] as const,
  },
  {
    id: 'E04',
    what: 'knows an escaped field name',
    input: String.raw`{"\u0075rl":"a"}
{"\u0075\u0072\u006C":"a"}
{"\\u0075rl":"a"}
`,
    counts: [['a', 2]],
    bad: [['missing_url', 44, 17]],
  },
  {
    id: 'E05',
    what: 'counts NUL and the empty string',
    input: String.raw`{"url":"\u0000"}
{"url":""}
{"url":"\u0000\u0000"}
`,
    counts: [
      ['\0', 1],
      ['', 1],
      ['\0\0', 1],
    ],
  },
  {
    id: 'E06',
    what: 'refuses raw control characters in a string, but not DEL',
    input: '{"url":"\0"}\n{"url":"\t"}\n{"url":"\x1f"}\n{"url":"\x7f"}\n{"url":"\r"}\n',
    counts: [['\x7f', 1]],
    bad: [
      ['malformed_json', 0, 11],
      ['malformed_json', 12, 11],
      ['malformed_json', 24, 11],
      ['malformed_json', 48, 11],
    ],
  },
  ...[
    String.raw`{"url":"\x41"}`,
    String.raw`{"url":"\u00"}`,
    String.raw`{"url":"\u00g0"}`,
    String.raw`{"url":"\ud83d\u"}`,
    String.raw`{"url":"\U0041"}`,
    '{"url":"a',
    String.raw`{"url":"a\"}`,
    String.raw`{"url":"\'"}`,
    `{"url":'a'}`,
    '{"url":"\\\n"}',
  ].map((input) => ({
    id: 'E07',
    what: `refuses ${JSON.stringify(input)}`,
    input,
    bad: input.split('\n').map((line, index) => ['malformed_json', index * 10, line.length] as const),
  })),
  {
    id: 'E08',
    what: 'finds the end of a string that ends in backslashes and quotes',
    input: String.raw`{"url":"a\\"}
{"url":"a\""}
{"url":"a\\\""}
{"url":"a\\\\"}
{"x":"\\","url":"b"}
{"x":"\\\"","url":"b"}
`,
    counts: [
      ['a\\', 1],
      ['a"', 1],
      ['a\\"', 1],
      ['a\\\\', 1],
      ['b', 2],
    ],
  },
]);
