import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createWorkspace, mapreduce, readCounts } from './mapreduce';

const workspace = createWorkspace();
let outputs = 0;

/** Counts what is given, and returns the output. */
async function count(counts: Record<string, number>, ...flags: string[]): Promise<string> {
  const out = path.join(workspace, `out-${outputs++}`);
  const input = `${out}.jsonl`;
  const lines = Object.entries(counts).flatMap(([url, times]) =>
    Array.from({ length: times }, () => `${JSON.stringify({ url })}\n`),
  );
  writeFileSync(input, lines.join(''));
  const { code, stderr } = await mapreduce(['run', input, '-o', out, '-q', ...flags]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return out;
}

async function diffJson(...args: string[]) {
  const { code, stdout } = await mapreduce(['diff', ...args, '--json']);
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

const monday = { '/same': 3, '/risen': 1, '/fallen': 9, '/gone': 2, '\ud800': 1 };
const tuesday = { '/same': 3, '/risen': 6, '/fallen': 8, '/new': 4, '\ud800': 2 };
const expected = {
  before: { unique: 5, total: 16 },
  after: { unique: 5, total: 23 },
  urls: { new: 1, gone: 1, risen: 2, fallen: 1, same: 1 },
  changes: [
    { url: '/risen', kind: 'risen', before: 1, after: 6 },
    { url: '/new', kind: 'new', before: 0, after: 4 },
    { url: '/gone', kind: 'gone', before: 2, after: 0 },
    { url: '/fallen', kind: 'fallen', before: 9, after: 8 },
    { url: '\ud800', kind: 'risen', before: 1, after: 2 },
  ],
  differences: [],
};

describe('mapreduce diff', () => {
  it('names what is new, gone, risen and fallen, the greatest changes first, then by bytes', async () => {
    const [before, after] = [await count(monday), await count(tuesday)];
    expect(await diffJson(before, after)).toEqual(expected);
    const { stdout } = await mapreduce(['diff', before, after]);
    expect(
      stdout
        .split('\n')
        .slice(0, 6)
        .map((line) => line.trimEnd()),
    ).toEqual([
      '  before  5 unique, counts sum to 16',
      '  after   5 unique, counts sum to 23',
      '  urls    1 new, 1 gone, 2 risen, 1 fallen, 1 same',
      '',
      '          change  before  after  url',
      '   risen      +5       1      6  /risen',
    ]);
  });

  it.each([['1'], ['7'], ['1024']])('compares 32 buckets with %s', async (numBuckets) => {
    const [before, after] = [await count(monday), await count(tuesday, '--num-buckets', numBuckets)];
    expect(await diffJson(before, after)).toEqual(expected);
  });

  it('names as many changes as asked for, of the kinds asked for, and counts all', async () => {
    const [before, after] = [await count(monday), await count(tuesday)];
    expect(await diffJson(before, after, '-n', '1')).toEqual({
      ...expected,
      changes: expected.changes.slice(0, 1),
    });
    expect(await diffJson(before, after, '--only', 'gone,fallen')).toEqual({
      ...expected,
      changes: expected.changes.slice(2, 4),
    });
  });

  it('agrees with maps of two large outputs', async () => {
    const outs = await Promise.all(
      ['1', '2'].map(async (seed) => {
        const out = path.join(workspace, `large-${seed}`);
        const input = `${out}.jsonl`;
        await mapreduce(['generate', '--lines', '20000', '--unique', '4000', '--seed', seed, '-o', input]);
        await mapreduce(['run', input, '-o', out, '-q', '--num-buckets', seed === '1' ? '8' : '5']);
        return out;
      }),
    );
    const [before, after] = outs.map(readCounts) as [Map<string, number>, Map<string, number>];
    const urls = new Set([...before.keys(), ...after.keys()]);
    const found = await diffJson(...outs, '-n', '1000000');
    expect(Object.values(found.urls as Record<string, number>).reduce((a, b) => a + b)).toBe(urls.size);
    const changed = [...urls].filter((url) => before.get(url) !== after.get(url));
    expect(
      new Map(found.changes.map((change: Change) => [change.url, [change.before, change.after]])),
    ).toEqual(new Map(changed.map((url) => [url, [before.get(url) ?? 0, after.get(url) ?? 0]])));
  });

  it('finds an output the same as itself', async () => {
    const out = await count(monday);
    expect(await diffJson(out, out)).toMatchObject({ urls: { same: 5, new: 0 }, changes: [] });
  });

  it('says in which settings the two runs differ', async () => {
    const after = await count(tuesday, '--max-line-bytes', '4096');
    const { stdout } = await mapreduce(['diff', await count(monday), after]);
    expect(stdout).toMatch(/^note: max_line_bytes is 16777216 in one and 4096 in the other\n/);
  });

  it('shows nothing raw that a terminal would obey', async () => {
    const { stdout } = await mapreduce(['diff', await count({}), await count({ '\u001b[31m\u202e': 1 })]);
    expect(stdout).toContain('\\u001b[31m\\u202e');
  });

  it('shows no name of a field raw, for the output may be anybody’s', async () => {
    const after = await count({});
    changeManifest(after, (manifest) => {
      manifest.configuration.url_field = '\u009b31m\u202e';
    });
    const { stdout } = await mapreduce(['diff', await count({}), after]);
    expect(stdout).toContain('note: url_field is "url" in one and "\\u009b31m\\u202e" in the other\n');
  });

  it.each<[string, (manifest: ManifestOnDisk) => void]>([
    ['names a bucket that there cannot be', ({ outputs }) => Object.assign(outputs[0] ?? {}, { bucket: 32 })],
    ['names a bucket twice', ({ outputs }) => outputs.splice(0, 1, ...outputs.slice(1, 2))],
    ['gives a bucket the file of another', ({ outputs }) => swapBuckets(outputs)],
    ['leaves a bucket out', ({ outputs }) => outputs.pop()],
    ['sums up other counts', ({ counts }) => Object.assign(counts, { total: 0 })],
  ])('refuses a manifest that %s', async (_, change) => {
    const [before, after] = [await count(monday), await count(tuesday)];
    changeManifest(after, change);
    const { code, stdout, stderr } = await mapreduce(['diff', before, after]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/manifest\.json: expected each bucket once, under its own name, and the sums/);
  });

  it.each<[string, (text: string) => string, RegExp]>([
    ['a count of zero', (text) => text.replace(/:\d+/, ':0'), /line 2: expected "url":count, got/],
    [
      'another count',
      (text) => text.replace(/:\d+/, ':77'),
      /expected 5 URLs and counts of 16 in all, got 5 and/,
    ],
    [
      'another order',
      (text) => text.replace('/fallen', '~'),
      /expected URLs once and in the order of their bytes, got "~" out of order|got "\/gone" out of order/,
    ],
    [
      'no JSON',
      (text) => text.replace('"/gone"', '"\\gone"'),
      /bucket_0\.json: line 3: expected a JSON string/,
    ],
  ])('refuses a bucket with %s', async (_, damage, message) => {
    const [before, after] = [await count(monday, '--num-buckets', '1'), await count(tuesday)];
    const bucket = path.join(before, 'bucket_0.json');
    writeFileSync(bucket, damage(readFileSync(bucket, 'utf8')));
    const { code, stdout, stderr } = await mapreduce(['diff', before, after]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('says where there is no output, and which kinds there are', async () => {
    expect(await mapreduce(['diff', workspace, workspace])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('expected the manifest of a finished run'),
    });
    expect(await mapreduce(['diff', 'a', 'b', '--only', 'old'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Expected a comma-separated list of new, gone, risen, fallen.'),
    });
  });
});

interface ManifestOnDisk {
  readonly configuration: { url_field: string };
  readonly counts: { total: number };
  readonly outputs: { bucket: number }[];
}

function changeManifest(out: string, change: (manifest: ManifestOnDisk) => void): void {
  const file = path.join(out, 'manifest.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as ManifestOnDisk;
  change(manifest);
  writeFileSync(file, JSON.stringify(manifest));
}

function swapBuckets([first, second]: ManifestOnDisk['outputs']): void {
  if (first === undefined || second === undefined) throw new Error('expected two buckets');
  [first.bucket, second.bucket] = [second.bucket, first.bucket];
}

interface Change {
  readonly url: string;
  readonly before: number;
  readonly after: number;
}
