import { latin1 } from './count-lines';
import { describeBehaviour } from './describe-behaviour';

const BOM = '\ufeff';
const A = '{"url":"a"}';
const B = '{"url":"b"}';

/** UTF-16 in either byte order; Node has only the little one. */
function utf16(text: string, order: 'LE' | 'BE'): Uint8Array {
  const bytes = Buffer.from(text, 'utf16le');
  return order === 'LE' ? bytes : bytes.swap16();
}

describeBehaviour('File shape', [
  { id: 'F01', what: 'counts no line in an empty file', input: '' },
  { id: 'F02', what: 'takes newlines alone for blank lines', input: '\n\n\n', blank: 3 },
  {
    id: 'F03',
    what: 'counts a last line without a newline',
    input: `${A}\n${B}`,
    counts: [
      ['a', 1],
      ['b', 1],
    ],
  },
  {
    id: 'F04',
    what: 'ignores CR before LF, and takes a line of CR alone for blank',
    input: `${A}\r\n\r\n\r\r\n${A}\r`,
    counts: [['a', 2]],
    blank: 2,
  },
  {
    id: 'F05',
    what: 'does not end a line at a lone CR',
    input: `${A}\r${B}\n`,
    bad: [['malformed_json', 0, 23]],
  },
  { id: 'F06', what: 'skips a byte order mark at byte 0', input: `${BOM}${A}\n${A}`, counts: [['a', 2]] },
  { id: 'F06', what: 'skips it before a blank line', input: `${BOM}\n${A}\n`, counts: [['a', 1]], blank: 1 },
  { id: 'F06', what: 'skips it before white space alone', input: `${BOM} `, blank: 1 },
  {
    id: 'F06',
    what: 'counts its bytes in the place of a bad line, but does not show them',
    input: `${BOM}{\n${A}\n`,
    counts: [['a', 1]],
    bad: [['malformed_json', 0, 4]],
  },
  {
    id: 'F06',
    what: 'skips only one',
    input: `${BOM}${BOM}${A}\n${A}\n`,
    counts: [['a', 1]],
    bad: [['malformed_json', 0, 17]],
  },
  {
    id: 'F07',
    what: 'does not skip a byte order mark on a later line',
    input: `${A}\n${BOM}${B}\n${BOM}\n${A}\n`,
    counts: [['a', 2]],
    bad: [
      ['malformed_json', 12, 14],
      ['malformed_json', 27, 3],
    ],
  },
  {
    id: 'F07',
    what: 'does not skip one where a stretch begins within a file',
    input: `${BOM}${A}\n${BOM}`,
    begin: 100,
    bad: [
      ['malformed_json', 100, 14],
      ['malformed_json', 115, 3],
    ],
  },
  { id: 'F08', what: 'counts no line in a file of a byte order mark', input: BOM },
  {
    id: 'F08',
    what: 'refuses the beginning of a byte order mark',
    input: latin1('\xef\xbb'),
    bad: [['invalid_utf8', 0, 2]],
  },
  {
    id: 'F08',
    what: 'refuses the beginning of a byte order mark before LF',
    input: latin1('\xef\xbb\n\xbf'),
    bad: [
      ['invalid_utf8', 0, 2],
      ['invalid_utf8', 3, 1],
    ],
  },
  { id: 'F09', what: 'takes lines of white space for blank', input: ' \n\t\r\n \t \r \n\t', blank: 4 },
  {
    id: 'F10',
    what: 'ignores white space around an object',
    input: ` \t${A} \r\t\n\r ${A}`,
    counts: [['a', 2]],
  },
  ...[
    ['NBSP', '\u00a0', 2],
    ['VT', '\v', 1],
    ['FF', '\f', 1],
    ['U+2028', '\u2028', 3],
    ['U+3000', '\u3000', 3],
  ].map(([name, space, bytes]) => ({
    id: 'F11',
    what: `does not take ${name} for white space`,
    input: `${space}${A}\n${A}${space}\n${space}\n`,
    bad: [
      ['malformed_json', 0, 11 + Number(bytes)],
      ['malformed_json', 12 + Number(bytes), 11 + Number(bytes)],
      ['malformed_json', 24 + 2 * Number(bytes), Number(bytes)],
    ] as const,
  })),
  {
    id: 'F12',
    what: 'refuses a last line that is cut',
    input: `${A}\n{"url":"b`,
    counts: [['a', 1]],
    bad: [['malformed_json', 12, 9]],
  },
  { id: 'F13', what: 'refuses garbage after an object', input: `${A}x`, bad: [['malformed_json', 0, 12]] },
  { id: 'F13', what: 'refuses a second object', input: `${A}${B}\n`, bad: [['malformed_json', 0, 22]] },
  {
    id: 'F13',
    what: 'refuses a second object after a space',
    input: `${A} ${B}`,
    bad: [['malformed_json', 0, 23]],
  },
  { id: 'F13', what: 'refuses a comma after an object', input: `${A},\n`, bad: [['malformed_json', 0, 12]] },
  {
    id: 'F14',
    what: 'refuses what is no object, and does not look into arrays',
    input: `[]\n[${A}]\n"url"\n1\nnull\ntrue\n`,
    bad: [
      ['not_object', 0, 2],
      ['not_object', 3, 13],
      ['not_object', 17, 5],
      ['not_object', 23, 1],
      ['not_object', 25, 4],
      ['not_object', 30, 4],
    ],
  },
  {
    id: 'F15',
    what: 'does not end a line at U+2028, U+2029 or U+0085',
    input: '{"url":"a\u2028b\u2029c\u0085d"}\n',
    counts: [['a\u2028b\u2029c\u0085d', 1]],
  },
  {
    id: 'F16',
    what: 'refuses each line of a pretty-printed object',
    input: '{\n  "url": "a"\n}\n',
    bad: [
      ['malformed_json', 0, 1],
      ['malformed_json', 2, 12],
      ['malformed_json', 15, 1],
    ],
  },
  {
    id: 'F17',
    what: 'never counts little-endian UTF-16',
    input: utf16(`${BOM}${A}\n${A}\n`, 'LE'),
    bad: [
      ['invalid_utf8', 0, 24],
      ['malformed_json', 25, 23],
      ['malformed_json', 49, 1],
    ],
  },
  {
    id: 'F17',
    what: 'never counts big-endian UTF-16',
    input: utf16(`${BOM}${A}\n${A}\n`, 'BE'),
    bad: [
      ['invalid_utf8', 0, 25],
      ['malformed_json', 26, 23],
    ],
  },
  {
    id: 'F18',
    what: 'refuses a line of NUL after a crash',
    input: `${A}\n\0\0\0`,
    counts: [['a', 1]],
    bad: [['malformed_json', 12, 3]],
  },
  { id: 'F18', what: 'refuses NUL after an object', input: `${A}\0\0`, bad: [['malformed_json', 0, 13]] },
]);

describeBehaviour('The line limit', [
  {
    id: 'C1',
    what: 'allows a line of exactly the limit and no byte more',
    maxLineBytes: 12,
    input: '{"url":"ab"}\n{"url":"abc"}\n{"url":"ab"}\n',
    counts: [['ab', 2]],
    bad: [['line_too_long', 13, 13]],
  },
  {
    id: 'C1',
    what: 'holds for a last line without a newline',
    maxLineBytes: 12,
    input: '{"url":"ab"}\n{"url":"abc"}',
    counts: [['ab', 1]],
    bad: [['line_too_long', 13, 13]],
  },
  {
    id: 'C1',
    what: 'counts the CR',
    maxLineBytes: 12,
    input: '{"url":"a"}\r\n{"url":"ab"}\r\n',
    counts: [['a', 1]],
    bad: [['line_too_long', 13, 13]],
  },
  {
    id: 'C1',
    what: 'does not count a byte order mark',
    maxLineBytes: 12,
    input: `${BOM}{"url":"ab"}\n${A}\n`,
    counts: [
      ['ab', 1],
      ['a', 1],
    ],
  },
  {
    id: 'C1',
    what: 'holds for the line after a byte order mark',
    maxLineBytes: 12,
    input: `${BOM}{"url":"abc"}\n${A}\n`,
    counts: [['a', 1]],
    bad: [['line_too_long', 0, 16]],
  },
  {
    id: 'C1',
    what: 'shows the same head of a long line wherever it is cut',
    maxLineBytes: 4,
    input: `${'x'.repeat(20)}\n{}\n${'y'.repeat(7)}`,
    bad: [
      ['line_too_long', 0, 20],
      ['missing_url', 21, 2],
      ['line_too_long', 24, 7],
    ],
  },
  {
    id: 'C1',
    what: 'shows no more than 800 bytes of a long line',
    maxLineBytes: 4,
    input: `${BOM}${'x'.repeat(900)}\n`,
    bad: [['line_too_long', 0, 903]],
  },
  {
    id: 'C1',
    what: 'comes before white space and bad UTF-8',
    maxLineBytes: 4,
    input: latin1('     \n\xff\xff\xff\xff\xff\n    \n\xff\n'),
    blank: 1,
    bad: [
      ['line_too_long', 0, 5],
      ['line_too_long', 6, 5],
      ['invalid_utf8', 17, 1],
    ],
  },
]);
