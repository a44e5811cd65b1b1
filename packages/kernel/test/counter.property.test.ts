import { REJECT_REASONS, type RejectReason } from '@mapreduce/shared-utils';
import * as fc from 'fast-check';
import { countLines, kernels } from './count-lines';

/** Pieces of records, whole, broken and hostile: most combinations are near misses of JSON. */
const piece = fc.constantFrom(
  ...[
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    '"',
    '\\',
    ' ',
    '\t',
    '\r',
    '\n',
    '\n',
    '0',
    '-',
    '1e5',
    'null',
    'true',
    'x',
  ],
  ...['"url"', '"url":', '{"url":"a"}', '{"url":"b"}\n', '{"url":', '"a"}', '"a"', '"\\u0061"', '"\\ud800"'],
  ...['"\\u0075rl":', '"__proto__":', 'é', '😀', '\ufeff', '\u2028', '\0', '\x7f', ',"url":"c"}', '{"x":{'],
  ...['\xff', '\xc0\xaf', '\xed\xa0\x80', '\xf0\x9f'].map((bytes) => Buffer.from(bytes, 'latin1')),
);
const file = fc
  .array(piece, { maxLength: 30 })
  .map((pieces) =>
    Buffer.concat(pieces.map((each) => (typeof each === 'string' ? Buffer.from(each) : each))),
  );

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function classify(line: Buffer): { url: string } | 'blank' | RejectReason {
  if (/^[ \t\r]*$/.test(line.toString('latin1'))) return 'blank';
  let text: string;
  let value: unknown;
  try {
    text = strict.decode(line);
  } catch {
    return 'invalid_utf8';
  }
  try {
    value = JSON.parse(text);
  } catch {
    return 'malformed_json';
  }
  if (Object.prototype.toString.call(value) !== '[object Object]') return 'not_object';
  const url = new Map(Object.entries(value as object)).get('url');
  if (url === undefined) return 'missing_url';
  return typeof url === 'string' ? { url } : 'url_not_string';
}

/** Slow and plain: cut at LF, one decoder, one `JSON.parse`. */
function countNaively(bytes: Buffer) {
  const counts = new Map<string, number>();
  const tally = { lines: 0, ok: 0, blank: 0, bad: 0, badByReason: {} as Record<RejectReason, number> };
  for (const reason of REJECT_REASONS) tally.badByReason[reason] = 0;
  const rejects: [number, number, RejectReason][] = [];
  for (let at = 0; at < bytes.length; ) {
    const lf = bytes.indexOf(0x0a, at);
    const end = lf === -1 ? bytes.length : lf;
    const hasMark = at === 0 && bytes.toString('hex', 0, 3) === 'efbbbf';
    const line = bytes.subarray(hasMark ? 3 : at, end);
    const isMarkAlone = hasMark && lf === -1 && line.length === 0;
    const found = isMarkAlone ? null : classify(line);
    if (found !== null) tally.lines++;
    if (found === 'blank') {
      tally.blank++;
    } else if (typeof found === 'string') {
      tally.bad++;
      tally.badByReason[found]++;
      rejects.push([at, end - at, found]);
    } else if (found !== null) {
      tally.ok++;
      counts.set(found.url, (counts.get(found.url) ?? 0) + 1);
    }
    at = end + 1;
  }
  return { counts, tally, rejects };
}

describe.each(kernels)('The $name kernel', (kernel) => {
  it('counts what a naive pass counts, wherever the chunks are cut', () => {
    fc.assert(
      fc.property(file, fc.array(fc.nat({ max: 12 }), { maxLength: 6 }), (bytes, sizes) => {
        const chunks: Buffer[] = [];
        let at = 0;
        for (const size of sizes) {
          chunks.push(bytes.subarray(at, at + size));
          at = Math.min(at + size, bytes.length);
        }
        const { counts, tally, rejects } = countLines(kernel, [...chunks, bytes.subarray(at)], {
          maxLineBytes: 64 * 1024,
        });
        expect({
          counts,
          tally,
          rejects: rejects.map(({ offset, length, reason }) => [offset, length, reason]),
        }).toEqual(countNaively(bytes));
      }),
      { numRuns: 1000 },
    );
  });
});
