import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { checksums, createWorkspace, mapreduce, readCounts, type Started, start } from './mapreduce';

const SAMPLE = path.resolve(__dirname, '../../../samples/access-log');
const workspace = createWorkspace();
let outputs = 0;
const newOut = () => path.join(workspace, `out-${outputs++}`);

function writeInput(name: string, content: string | Buffer): string {
  const file = path.join(workspace, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

const goodLines = (count: number) =>
  Array.from({ length: count }, (_, line) => `{"url":"https://a.example/${line % 7}"}\n`).join('');

describe('mapreduce run', () => {
  it('counts the sample and reports outcomes, top URLs and where the output is', async () => {
    const out = newOut();
    const { code, stdout, stderr } = await mapreduce(['run', SAMPLE, '--out', out, '--max-bad-records', '2']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('lines   2,013 = 2,009 ok + 2 blank + 2 bad');
    expect(stdout).toContain('bad     1 malformed_json, 1 missing_url');
    expect(stdout).toContain('132 unique, counts sum to 2,009');
    expect(stdout).toMatch(/ 1 +242 +12\.05 % +https:\/\/www\.shop\.example\/\n/);
    expect(stdout).toContain(path.join(out, 'manifest.json'));
    expect(readCounts(out).get('https://www.shop.example/docs')).toBe(97);
    expect(readdirSync(out)).not.toContain('.mapreduce');
  });

  it('gives the same bytes for any number of workers and split size, and on a second run', async () => {
    const input = path.join(workspace, 'generated.jsonl');
    await mapreduce(['generate', '--lines', '20000', '--unique', '3000', '--seed', '5', '--out', input]);
    const layouts = [
      ['--workers', '1'],
      ['--workers', '2', '--split-bytes', '100000'],
      ['--workers', '7', '--split-bytes', '33333'],
      ['--workers', '2', '--split-bytes', '100000'],
    ];
    const results = [];
    for (const layout of layouts) {
      const out = newOut();
      expect(await mapreduce(['run', input, '-o', out, '--quiet', ...layout])).toMatchObject({
        code: 0,
        stdout: '',
        stderr: '',
      });
      results.push(checksums(out));
    }
    expect(results.slice(1)).toEqual([results[0], results[0], results[0]]);
    expect(results[0]).toHaveLength(32);
  });

  it('reads files, directories and globs, and skips hidden files', async () => {
    writeInput('mix/a.jsonl', '{"url":"a"}\n');
    writeInput('mix/deep/b.jsonl', '{"url":"b"}');
    writeInput('mix/.hidden', 'not JSON');
    writeInput('more/with space #1.jsonl', '{"url":"c"}');
    writeInput('more/other.txt', 'not JSON');
    const out = newOut();
    const args = ['run', path.join(workspace, 'mix'), `${workspace}/more/*.jsonl`, '-o', out, '-q'];
    expect(await mapreduce(args)).toMatchObject({ code: 0, stderr: '' });
    expect(readCounts(out)).toEqual(
      new Map([
        ['a', 1],
        ['b', 1],
        ['c', 1],
      ]),
    );
  });

  it('reads the files of a directory that a glob matches, each once', async () => {
    writeInput('globbed/web1/2025/a.jsonl', '{"url":"a"}\n');
    writeInput('globbed/web1/b.jsonl', '{"url":"b"}\n');
    writeInput('globbed/web2/c.jsonl', '{"url":"c"}\n');
    for (const pattern of ['globbed/*', 'globbed/web*/*', 'globbed/**']) {
      const out = newOut();
      expect(await mapreduce(['run', path.join(workspace, pattern), '-o', out, '-q'])).toMatchObject({
        code: 0,
      });
      expect([...readCounts(out)].sort()).toEqual([
        ['a', 1],
        ['b', 1],
        ['c', 1],
      ]);
    }
  });

  it('prints the manifest with --json and nothing else', async () => {
    const input = writeInput('json.jsonl', goodLines(10));
    const out = newOut();
    const { stdout, stderr } = await mapreduce(['run', input, '-o', out, '--json']);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual(JSON.parse(readFileSync(path.join(out, 'manifest.json'), 'utf8')));
    expect(JSON.parse(stdout)).toMatchObject({
      records: { lines: 10, ok: 10 },
      counts: { unique: 7, total: 10 },
    });
  });

  it('takes the field and the number of buckets as they are given', async () => {
    const input = writeInput('field.jsonl', '{"request":{"url":"x"},"url":"wrong"}\n');
    const out = newOut();
    await mapreduce(['run', input, '-o', out, '--url-field', 'request.url', '--num-buckets', '1', '-q']);
    expect(readFileSync(path.join(out, 'bucket_0.json'), 'utf8')).toBe('{\n"x":1\n}\n');
  });

  it('shows hostile URLs as text', async () => {
    const input = writeInput(
      'hostile.jsonl',
      `{"url":"\\u001b[31mred\\u0007\\u202e"}\n{"url":"${'x'.repeat(5_000)}"}\n`,
    );
    const { stdout } = await mapreduce(['run', input, '-o', newOut()]);
    expect(stdout).toContain('\\u001b[31mred\\u0007\\u202e');
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThan(160);
  });

  it('works in any locale and from any directory', async () => {
    writeInput("odd dir/it's \n 🎁.jsonl", goodLines(3));
    const env = { LANG: 'tr_TR.UTF-8', LC_ALL: 'C', TZ: 'Pacific/Apia' };
    const cwd = path.join(workspace, 'odd dir');
    expect(await mapreduce(['run', '.', '-o', '../odd out', '-q'], { cwd, env })).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(readCounts(path.join(workspace, 'odd out')).size).toBe(3);
  });
});

describe('mapreduce run on bad lines', () => {
  const input = () => writeInput('one-bad.jsonl', `${goodLines(1000)}{"url":\n${goodLines(1000)}`);
  const offset = goodLines(1000).length;

  it('fails, names file and byte, says how to allow it, and leaves the line in rejects/', async () => {
    const out = newOut();
    const { code, stdout, stderr } = await mapreduce(['run', input(), '-o', out]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(
      `mapreduce: ${input()}: byte ${offset}: expected one JSON object a line (malformed_json), got \`{"url":\``,
    );
    expect(stderr).toContain('--max-bad-records');
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(readdirSync(out)).toEqual(['rejects']);
    expect(readdirSync(path.join(out, 'rejects'))).toHaveLength(1);
  });

  it('succeeds within the budget, into the directory of the failed run, and keeps the line', async () => {
    const out = newOut();
    await mapreduce(['run', input(), '-o', out]);
    expect(await mapreduce(['run', input(), '-o', out, '--max-bad-records', '1', '-q'])).toMatchObject({
      code: 0,
    });
    const [name] = readdirSync(path.join(out, 'rejects'));
    const reject = JSON.parse(readFileSync(path.join(out, 'rejects', name as string), 'utf8'));
    expect(reject).toEqual({
      source: input(),
      offset,
      length: 7,
      reason: 'malformed_json',
      snippet: '{"url":',
    });
  });

  it('leaves an earlier output untouched when its replacement fails', async () => {
    const out = newOut();
    await mapreduce(['run', writeInput('good.jsonl', goodLines(5)), '-o', out]);
    const before = checksums(out);
    expect(await mapreduce(['run', input(), '-o', out, '--overwrite'])).toMatchObject({ code: 2 });
    expect(checksums(out)).toEqual(before);
    expect(readdirSync(out)).toEqual(expect.arrayContaining(['manifest.json', 'rejects.failed']));
  });
});

describe('mapreduce run on an input that changes', () => {
  it.each<[string, (file: string) => void]>([
    ['grows', (file) => appendFileSync(file, goodLines(1))],
    ['is overwritten', (file) => writeFileSync(file, readFileSync(file).fill(0x20, 0, 1000))],
    ['is deleted', (file) => rmSync(file)],
    [
      'is replaced',
      (file) => {
        writeFileSync(`${file}.new`, goodLines(1));
        renameSync(`${file}.new`, file);
      },
    ],
  ])('fails and publishes nothing when it %s', async (_, change) => {
    const input = path.join(workspace, `changing-${outputs}.jsonl`);
    await mapreduce(['generate', '--lines', '600000', '--out', input]);
    const out = newOut();
    const started = start(['run', input, '-o', out, '--engine', 'reference']);
    await waitFor(() => isPlanned(out), started);
    change(input);
    expect(await started.finished).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(input),
    });
    expect(existsSync(out)).toBe(false);
    rmSync(input, { force: true });
  });
});

describe('mapreduce run refuses', () => {
  const good = () => writeInput('refuse/good.jsonl', goodLines(3));

  it.each<[string, () => string[], RegExp]>([
    [
      'a missing file',
      () => [path.join(workspace, 'none.jsonl')],
      /none\.jsonl: expected a file or directory, got nothing/,
    ],
    ['an empty argument', () => [''], /expected a path or glob pattern/],
    ['standard input', () => ['-'], /expected a file, got standard input/],
    [
      'a glob without a match',
      () => [`${workspace}/none-*`],
      /expected at least one file to match, got none/,
    ],
    [
      'an empty directory',
      () => {
        mkdirSync(path.join(workspace, 'void'), { recursive: true });
        return [path.join(workspace, 'void')];
      },
      /expected at least one file/,
    ],
    ['a directory given as a file', () => [`${good()}/x`], /got nothing there/],
    ['/dev/zero', () => ['/dev/zero'], /expected a regular file/],
    [
      'a pipe',
      () => {
        const pipe = path.join(workspace, 'pipe');
        if (!existsSync(pipe)) execFileSync('mkfifo', [pipe]);
        return [pipe];
      },
      /expected a regular file/,
    ],
    [
      'a link loop',
      () => {
        const loop = path.join(workspace, 'loop');
        if (!existsSync(path.join(workspace, 'loop')))
          try {
            symlinkSync(loop, loop);
          } catch {}
        return [loop];
      },
      /ELOOP/,
    ],
    ['the same file twice', () => [good(), good()], /duplicate input/],
    [
      'the same file by another name',
      () => {
        const link = path.join(workspace, 'link.jsonl');
        try {
          symlinkSync(good(), link);
        } catch {}
        return [good(), link];
      },
      /duplicate input/,
    ],
    [
      'a truncated gzip',
      () => [writeInput('cut.gz', gzipSync(goodLines(1000)).subarray(0, -9))],
      /cut\.gz: expected complete gzip data, got "unexpected end of file"/,
    ],
    ['bzip2', () => [writeInput('a.bz2', 'BZh91AY&SY...')], /got bzip2; convert it first/],
    ['an empty .gz', () => [writeInput('empty.gz', '')], /expected compressed data, got an empty object/],
  ])('%s: exit code 2, one line, no output', async (_, inputs, message) => {
    const out = newOut();
    const { code, stdout, stderr } = await mapreduce(['run', ...inputs(), '-o', out]);
    expect(stderr).toMatch(message);
    expect({ code, stdout, lines: stderr.trimEnd().split('\n').length }).toEqual({
      code: 2,
      stdout: '',
      lines: 1,
    });
    expect(existsSync(out)).toBe(false);
  });

  it.each<[string, () => string, RegExp]>([
    [
      'holds other files',
      () => path.dirname(writeInput('foreign/notes.txt', 'mine')),
      /got "notes\.txt" in it/,
    ],
    ['is a file', () => writeInput('plain-file', ''), /expected a directory/],
    ['holds the input', () => path.join(workspace, 'refuse'), /expected an output outside the input/],
    [
      'lies within the input',
      () => path.join(workspace, 'refuse', 'out'),
      /expected an output outside the input/,
    ],
  ])('an output directory that %s', async (_, out, message) => {
    const { code, stderr } = await mapreduce(['run', path.dirname(good()), '-o', out()]);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(readdirSync(path.dirname(good()))).toEqual(['good.jsonl']);
  });

  it('to replace an output that the input is a link into', async () => {
    const out = newOut();
    await mapreduce(['run', writeInput('linked-bad.jsonl', '{"url":'), '-o', out, '--max-bad-records', '1']);
    const link = path.join(workspace, 'link-into-output.jsonl');
    symlinkSync(path.join(out, 'rejects', '0.jsonl'), link);
    const { code, stderr } = await mapreduce([
      'run',
      link,
      '--url-field',
      'snippet',
      '-o',
      out,
      '--overwrite',
    ]);
    expect(stderr).toMatch(/expected an output that holds no input/);
    expect(code).toBe(2);
    expect(readdirSync(path.join(out, 'rejects'))).toEqual(['0.jsonl']);
  });

  it('an input whose name would forge a line or move the cursor, without printing it as it is', async () => {
    const input = writeInput('\u001b[31m\nmapreduce: forged', '{"url":');
    const { stderr } = await mapreduce(['run', input, '-o', newOut()]);
    expect(stderr).toContain('\\u001b[31m\\u000amapreduce: forged: byte 0: expected');
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it('an earlier output, unless told to replace it', async () => {
    const out = newOut();
    await mapreduce(['run', good(), '-o', out]);
    const again = await mapreduce(['run', good(), '-o', out]);
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('--overwrite') });
    expect(await mapreduce(['run', good(), '-o', out, '--overwrite', '-q'])).toMatchObject({ code: 0 });
  });

  it.each([
    [[], /Usage: mapreduce/],
    [['run', '-o', 'y'], /missing required argument 'input'/],
    [['run', 'x'], /required option '-o, --out <directory>'/],
    [['run', 'x', '-o', 'y', '--num-buckets', '0'], /Expected a whole number from 1 to 1024/],
    [['run', 'x', '-o', 'y', '--num-buckets', '1.5'], /Expected a whole number/],
    [['run', 'x', '-o', 'y', '--max-bad-ratio', '2'], /Expected a number from 0 to 1/],
    [['run', 'x', '-o', 'y', '--colour'], /unknown option '--colour'/],
    [['walk'], /unknown command 'walk'\nTry the same with --help\./],
  ])('the arguments %j with exit code 1', async (args, message) => {
    const { code, stderr } = await mapreduce(args);
    expect(stderr).toMatch(message);
    expect(code).toBe(1);
  });
});

describe('mapreduce run interrupted', () => {
  const longInput = path.join(workspace, 'long.jsonl');

  beforeAll(async () => {
    await mapreduce(['generate', '--lines', '400000', '--out', longInput]);
  });

  /** A run that has its lock, and with the slow engine much left to do. */
  async function startLong(out: string) {
    const started = start(['run', longInput, '-o', out, '--engine', 'reference']);
    await waitFor(() => existsSync(path.join(out, '.mapreduce', 'owner.json')), started);
    return started;
  }

  it.each([
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s ends with exit code %i and leaves nothing behind', async (signal, exitCode) => {
    const out = newOut();
    const { child, finished } = await startLong(out);
    child.kill(signal);
    const { code, stdout, stderr } = await finished;
    expect({ code, stdout, stderr }).toEqual({
      code: exitCode,
      stdout: '',
      stderr: 'mapreduce: interrupted; nothing was published\n',
    });
    expect(existsSync(out)).toBe(false);
  });

  it('by SIGKILL needs no cleaning before the next run', async () => {
    const out = newOut();
    const { child, finished } = await startLong(out);
    child.kill('SIGKILL');
    expect(await finished).toMatchObject({ signal: 'SIGKILL' });
    expect(await mapreduce(['run', writeInput('after.jsonl', goodLines(7)), '-o', out, '-q'])).toMatchObject({
      code: 0,
    });
    expect(readCounts(out).size).toBe(7);
  });

  it.each<[string, (out: string) => void]>([
    [
      'a lock that was being cleared',
      (out) => mkdirSync(path.join(out, '.mapreduce-0123abcd', 'temp'), { recursive: true }),
    ],
    ['a lock of nobody', (out) => mkdirSync(path.join(out, '.mapreduce', 'temp'), { recursive: true })],
    ['a lock of a process that is gone', (out) => writeLock(out, 2 ** 31 - 1)],
  ])('by SIGKILL may leave %s', async (_, leave) => {
    const out = newOut();
    leave(out);
    const input = writeInput('after.jsonl', goodLines(7));
    expect(await mapreduce(['run', input, '-o', out, '-q'])).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(out).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('never: a second run into the same directory is refused while the first lives', async () => {
    const out = newOut();
    const { child, finished } = await startLong(out);
    const second = await mapreduce(['run', longInput, '-o', out, '--overwrite']);
    expect(second).toMatchObject({ code: 2, stderr: expect.stringContaining('expected no other run') });
    child.kill('SIGINT');
    await finished;
  });
});

function isPlanned(out: string): boolean {
  const runs = path.join(out, '.mapreduce/temp/runs');
  return existsSync(runs) && readdirSync(runs).some((run) => existsSync(path.join(runs, run, 'plan.json')));
}

function writeLock(out: string, pid: number): void {
  mkdirSync(path.join(out, '.mapreduce', 'temp'), { recursive: true });
  const owner = { pid, host: hostname(), token: 'token' };
  writeFileSync(path.join(out, '.mapreduce', 'owner.json'), JSON.stringify(owner));
}

/** Polls: a process of its own has no other way to tell that it has come this far. */
async function waitFor(condition: () => boolean, { child }: Pick<Started, 'child'>): Promise<void> {
  while (!condition()) {
    if (child.exitCode !== null) throw new Error('the process ended before it came this far');
    await new Promise(setImmediate);
  }
}
