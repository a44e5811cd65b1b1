import { countLines, kernels } from './count-lines';

const URLS = ['a', 'b', 'c'];
const LINES = 3000;

function linesOf(format: (url: string, index: number) => string): Buffer {
  const lines = Array.from({ length: LINES }, (_, index) =>
    format(URLS[index % URLS.length] as string, index),
  );
  return Buffer.from(`${lines.join('\n')}\n`);
}

const deep = (depth: number, inner: string) => `${'[{"k":'.repeat(depth)}${inner}${'}]'.repeat(depth)}`;

/** Lines that an engine may have seen the like of, each with one of the URLs in turn. */
const REPEATED: readonly [name: string, format: (url: string, index: number) => string][] = [
  ['the same text', (url) => `{"t":1,"url":"${url}","n":null}`],
  ['names that never come again', (url, index) => `{"${index}":1,"url":"${url}","z${index}":[]}`],
  ['a name of 100 bytes', (url) => `{"${'n'.repeat(100)}":"v","url":"${url}"}`],
  [
    'names of 15, 16 and 17 bytes',
    (url) => `{"${'a'.repeat(15)}":1,"${'b'.repeat(16)}":2,"${'c'.repeat(17)}":3,"url":"${url}"}`,
  ],
  ['names that begin alike', (url, index) => `{"abcdefghijklmnopqrstuvwx${index % 7}":1,"url":"${url}"}`],
  [
    'values of every kind under one name',
    (url, index) =>
      `{"v":${['"s"', '-1', 'true', 'false', 'null', '{}', '[]', '[1,"x"]', '{"w":0}'][index % 9]},"url":"${url}"}`,
  ],
  [
    'members that are there or not',
    (url, index) =>
      `{${['"p":1,', '"q":"x",', '"r":true,', '"s":[],', '"t":{"u":1},', '"w":2,'].filter((_, bit) => (index >> bit) & 1).join('')}"url":"${url}"}`,
  ],
  ['sixty-four open containers', (url) => `{"x":${deep(31, '1')},"url":"${url}"}`],
  [
    'more open containers than that',
    (url, index) => `{"x":${deep(31 + (index % 5), '{"y":[0]}')},"url":"${url}"}`,
  ],
  ['white space of all kinds', (url, index) => `${' '.repeat(index % 3)}{\t"x" : 1 ,\r"url" :"${url}" } `],
  [
    'the same array in other lengths',
    (url, index) =>
      `{"a":[${Array(index % 11)
        .fill('"e"')
        .join(',')}],"url":"${url}"}`,
  ],
  ['a URL that is replaced', (url) => `{"url":"first","x":1,"url":"${url}"}`],
  [
    'a URL that replaces what is none',
    (url, index) => `{"url":${['1', '{}', '[]', 'null', '{"url":"no"}'][index % 5]},"url":"${url}"}`,
  ],
  ['the field within other values', (url) => `{"o":{"url":"no"},"l":["url",{"url":"no"}],"url":"${url}"}`],
];

describe.each(kernels)('The counter of the $name kernel over lines that repeat', (kernel) => {
  it.each(REPEATED)('%s counts every URL', (_, format) => {
    const { counts, tally, rejects } = countLines(kernel, [linesOf(format)]);
    expect(rejects).toEqual([]);
    expect(tally.ok).toBe(LINES);
    expect(counts).toEqual(new Map(URLS.map((url) => [url, LINES / URLS.length])));
  });

  it('reads on where many lines that are all different have made it give up', () => {
    const odd = linesOf((url, index) => `{"${index}":1,"${-index}":2,"url":"${url}"}`);
    const usual = linesOf((url) => `{"t":1,"url":"${url}"}`);
    const chunks = Array.from({ length: 120 }, (_, index) => (index % 60 < 20 ? odd : usual));
    const { counts, tally } = countLines(kernel, chunks);
    expect(tally.ok).toBe(120 * LINES);
    expect(counts).toEqual(new Map(URLS.map((url) => [url, (120 * LINES) / URLS.length])));
  });

  it('finds the one line that differs, wherever it differs', () => {
    const usual = '{"t":12,"n":null,"o":{"k":"v","l":[1,true]},"url":"a","e":"end"}';
    for (let at = 0; at < usual.length; at++) {
      const changed = `${usual.slice(0, at)}#${usual.slice(at + 1)}`;
      const isValid = isObject(changed);
      const hasUrl = isValid && Object.hasOwn(JSON.parse(changed) as object, 'url');
      const { tally } = countLines(kernel, [Buffer.from(`${usual}\n${usual}\n${changed}\n${usual}\n`)]);
      expect([at, tally.ok, tally.badByReason.malformed_json, tally.badByReason.missing_url]).toEqual([
        at,
        hasUrl ? 4 : 3,
        isValid ? 0 : 1,
        isValid && !hasUrl ? 1 : 0,
      ]);
    }
  });

  it('forgets with every line what the one before has found', () => {
    const lines = [
      '{"url":"a"}',
      '{"x":"a"}',
      '{"url":"a"}',
      '{"url":1}',
      '{"url":"a"}',
      '"url"',
      '["url"]',
      '1',
    ];
    const { counts, tally } = countLines(kernel, [Buffer.from(lines.join('\n'))]);
    expect(counts).toEqual(new Map([['a', 3]]));
    expect(tally.badByReason).toMatchObject({ missing_url: 1, url_not_string: 1, not_object: 3 });
  });

  it.each([
    ['a later object without it', '{"r":{"url":"a"},"r":{}}', 'missing_url'],
    ['a later number', '{"r":{"url":"a"},"r":1}', 'missing_url'],
    ['a number in it', '{"r":{"url":"a","url":1}}', 'url_not_string'],
  ])('follows a path, whose value is forgotten for %s', (_, line, reason) => {
    const good = '{"r":{"url":"a"},"s":{"url":"b"}}';
    const { counts, tally } = countLines(kernel, [Buffer.from(`${good}\n${line}\n${good}\n${line}`)], {
      urlField: 'r.url',
    });
    expect(counts).toEqual(new Map([['a', 2]]));
    expect(tally.badByReason).toMatchObject({ [reason]: 2 });
  });
});

function isObject(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
}
