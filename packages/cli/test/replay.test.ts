import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { createWorkspace, mapreduce } from './mapreduce';

const workspace = createWorkspace();
let cases = 0;

const GOOD = Array.from(
  { length: 500 },
  (_, index) => `{"url":"https://x.example/${index % 7}","n":${index}}`,
);

/** Lines with bad ones at 3, 250 and at the end. */
const LINES = [
  ...GOOD.slice(0, 3),
  '{"url":"torn',
  ...GOOD.slice(3, 250),
  '{"uri":"https://y.example/"}',
  ...GOOD.slice(250),
  '{"url":',
];

/** Counts a file of these bytes; returns it and the output. */
async function count(bytes: string | Uint8Array, name = 'in.jsonl', flags: readonly string[] = []) {
  const directory = path.join(workspace, String(cases++));
  mkdirSync(directory);
  const file = path.join(directory, name);
  const out = path.join(directory, 'out');
  writeFileSync(file, bytes);
  const { code, stderr } = await mapreduce(['run', file, '-o', out, '-q', '--max-bad-ratio', '1', ...flags]);
  expect([code, stderr]).toEqual([0, '']);
  return { file, out };
}

async function replay(out: string, ...flags: string[]) {
  const { code, stdout, stderr } = await mapreduce(['replay', out, '--json', ...flags]);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as { unlisted: number; records: Record<string, unknown>; counts: unknown[] };
}

describe('mapreduce replay', () => {
  it('finds the same lines bad where nothing was mended', async () => {
    const { out } = await count(LINES.join('\n'));
    const { unlisted, records, counts } = await replay(out);
    expect(unlisted).toBe(0);
    expect(records).toMatchObject({
      lines: 3,
      ok: 0,
      bad: 3,
      bad_by_reason: { malformed_json: 2, missing_url: 1 },
    });
    expect(counts).toEqual([]);
  });

  it.each([
    ['one worker range', []],
    ['many ranges', ['--split-bytes', '1000']],
  ])(
    'counts what was mended in place, whatever it does to the lengths of lines, from %s',
    async (_, flags) => {
      const { file, out } = await count(`${LINES.join('\n')}\n`, 'in.jsonl', flags);
      const mended = readFileSync(file, 'utf8')
        .replace('{"url":"torn\n', '{"url":"https://a-longer-one.example/"}\n')
        .replace('{"uri":"https://y.example/"}', '{"url":"y"}')
        .replace(/\{"url":\n$/, '\n');
      writeFileSync(file, mended);
      const { records, counts } = await replay(out);
      expect(records).toMatchObject({ lines: 3, ok: 2, blank: 1, bad: 0 });
      expect(counts).toEqual([
        { url: 'https://a-longer-one.example/', count: 1 },
        { url: 'y', count: 1 },
      ]);
    },
  );

  it('accepts the line feed that an editor puts behind a torn last line', async () => {
    const { file, out } = await count(LINES.join('\n'));
    writeFileSync(file, `${readFileSync(file, 'utf8')}"z"}\n`);
    expect((await replay(out)).counts).toEqual([{ url: 'z', count: 1 }]);
  });

  it('applies another field and another limit', async () => {
    const { out } = await count(`${LINES.join('\n')}\n{"uri":"${'u'.repeat(100)}"}\n`);
    const { records, counts } = await replay(out, '--url-field', 'uri', '--max-line-bytes', '50');
    expect(records).toMatchObject({ ok: 1, bad: 3, bad_by_reason: { line_too_long: 1 } });
    expect(counts).toEqual([{ url: 'https://y.example/', count: 1 }]);
  });

  it('reads compressed files that are as they were', async () => {
    const { out } = await count(gzipSync(LINES.join('\n')), 'in.jsonl.gz');
    expect((await replay(out, '--url-field', 'uri')).counts).toEqual([
      { url: 'https://y.example/', count: 1 },
    ]);
  });

  it.each<[what: string, mend: (text: string) => string]>([
    ['a rejected line was taken out', (text) => text.replace('{"url":"torn\n', '')],
    ['a good line was changed', (text) => text.replace('"n":100}', '"n":100,"m":1}')],
    ['a line was added', (text) => `{"url":"new"}\n${text}`],
    ['the end is missing', (text) => text.slice(0, 1000)],
  ])('refuses to guess where %s', async (_, mend) => {
    const { file, out } = await count(LINES.join('\n'));
    writeFileSync(file, mend(readFileSync(file, 'utf8')));
    const { code, stdout, stderr } = await mapreduce(['replay', out]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/in\.jsonl: expected .* got .*; run the job again\n$/);
  });

  it('refuses rejects of a file that was not counted', async () => {
    const { out } = await count(LINES.join('\n'));
    const list = path.join(out, 'rejects', readdirSync(path.join(out, 'rejects'))[0] as string);
    writeFileSync(list, readFileSync(list, 'utf8').replace('in.jsonl', 'other.jsonl'));
    const { code, stderr } = await mapreduce(['replay', out]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/rejects\/ names ".*other\.jsonl", which the manifest does not/),
    ]);
  });

  it('prints a table that no URL can break', async () => {
    const { file, out } = await count(LINES.join('\n'));
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace('{"url":"torn\n', '{"url":"\\u001b[31mred\\nline"}\n'),
    );
    const { stdout } = await mapreduce(['replay', out]);
    expect(stdout).toContain(
      'Of 3 rejected lines 1 would count now, 0 are blank, 2 stay bad (1 malformed_json, 1 missing_url).',
    );
    expect(stdout).not.toContain('\u001b');
    expect(stdout).toMatch(/Run the job again to count them\.\n$/);
  });
});
