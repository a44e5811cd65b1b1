import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createWorkspace, mapreduce } from './mapreduce';

const SAMPLE = path.resolve(__dirname, '../../../samples/access-log');
const workspace = createWorkspace();
let outputs = 0;
const newOut = () => path.join(workspace, `out-${outputs++}`);
const readPage = (out: string, name = 'report.html') => readFileSync(path.join(out, name), 'utf8');

function writeInput(name: string, content: string): string {
  const file = path.join(workspace, name);
  writeFileSync(file, content);
  return file;
}

/** Without the parts that begin with a tag, and with spaces as they are. */
const textOf = (page: string) =>
  page
    .replace(/<(style|script)[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]+>/g, '')
    .replaceAll('\u00a0', ' ');

async function countSample(...flags: readonly string[]): Promise<string> {
  const out = newOut();
  expect(await mapreduce(['run', SAMPLE, '-o', out, '--max-bad-records', '2', ...flags])).toMatchObject({
    code: 0,
  });
  return out;
}

describe('mapreduce report', () => {
  it('writes a page with what the manifest, the buckets, the rejects and the timeline say', async () => {
    const out = await countSample('-q');
    const page = path.join(out, 'report.html');
    expect(await mapreduce(['report', out])).toMatchObject({ code: 0, stdout: `${page}\n`, stderr: '' });
    const text = textOf(readPage(out));
    for (const shown of [
      'Balanced',
      '2,009 lines counted, 132 URLs',
      '302,517 in 3 files',
      '13 URLs, 9.85 % of all, have half of the counted lines. 13 URLs were counted once.',
      '35 tasks.',
      '142,509',
      'file16.jsonl.gz',
      'murmur3-x86-32',
    ]) {
      expect(text).toContain(shown);
    }
    expect(readPage(out)).toContain('\\u202e');
  });

  it('needs no timeline, and says that there is none; that of another run is none', async () => {
    const [out, other] = [await countSample('-q'), await countSample('-q')];
    for (const timeline of [null, 'torn', readFileSync(path.join(other, 'timeline.json'), 'utf8')]) {
      if (timeline === null) rmSync(path.join(out, 'timeline.json'));
      else writeFileSync(path.join(out, 'timeline.json'), timeline);
      expect(await mapreduce(['report', out])).toMatchObject({ code: 0 });
      expect(textOf(readPage(out))).toContain('This output has no timeline');
    }
  });

  it('puts the page elsewhere, and shows it with the browser of the desktop', async () => {
    const out = await countSample('-q');
    const bin = path.join(workspace, 'bin');
    mkdirSync(bin);
    const pipe = path.join(workspace, 'opened');
    writeFileSync(
      path.join(bin, 'xdg-open'),
      `#!/bin/sh\necho "$1" > "${pipe}.part" && mv "${pipe}.part" "${pipe}"\n`,
    );
    chmodSync(path.join(bin, 'xdg-open'), 0o755);
    const page = path.join(workspace, 'a page.html');
    const env = { PATH: `${bin}:${process.env['PATH']}` };
    expect(await mapreduce(['report', out, '--page', page, '--open'], { env })).toMatchObject({ code: 0 });
    expect(existsSync(path.join(out, 'report.html'))).toBe(false);
    while (!existsSync(pipe)) await new Promise(setImmediate);
    expect(readFileSync(pipe, 'utf8')).toBe(`file://${workspace}/a%20page.html\n`);
  });

  it('says what to do where no desktop is', async () => {
    const out = await countSample('-q');
    const { code, stderr } = await mapreduce(['report', out, '--open'], { env: { PATH: '/nonexistent' } });
    expect(code).toBe(0);
    expect(stderr).toContain('xdg-open was not found; open ');
  });

  it.each<[string, (out: string) => string[], string]>([
    [
      'without an output',
      () => ['report', path.join(workspace, 'none')],
      'expected the manifest of a finished run, got none',
    ],
    ['of a bucket that was changed', (out) => ['report', out], 'run `mapreduce verify`'],
    [
      'where nothing can be written',
      (out) => ['report', out, '--page', path.join(out, 'no', 'x.html')],
      'expected a file that can be written, got ENOENT',
    ],
  ])('fails %s, and leaves nothing', async (_, argsOf, message) => {
    const out = await countSample('-q');
    const args = argsOf(out);
    const bucket = path.join(out, 'bucket_0.json');
    if (args.length === 2) writeFileSync(bucket, readFileSync(bucket, 'utf8').replace(/:\d+/, ':12345'));
    const { code, stdout, stderr } = await mapreduce(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(readdirSync(out).filter((name) => name.includes('html'))).toEqual([]);
  });

  it('shows the beginning of a URL of 10 MB, and 100,000 others stay out of the page', async () => {
    const lines = Array.from({ length: 100_000 }, (_, line) => `{"url":"https://a.example/${line}"}\n`);
    const long = `{"url":"${'x'.repeat(10 * 1024 * 1024)}"}\n`;
    const out = newOut();
    await mapreduce([
      'run',
      writeInput('long.jsonl', `${long}${long}${lines.join('')}`),
      '-o',
      out,
      '-q',
      '--report',
    ]);
    const page = readPage(out);
    expect(textOf(page)).toContain('10,485,760 characters in all');
    expect(textOf(page)).toContain('The 2,000 most frequent of 100,001 URLs');
    expect(page.length).toBeLessThan(300_000);
  });
});

describe('mapreduce run --report', () => {
  it('leaves the same page as mapreduce report, and says where', async () => {
    const out = newOut();
    const { stdout } = await mapreduce(['run', SAMPLE, '-o', out, '--max-bad-records', '2', '--report']);
    expect(stdout).toContain(`  page    ${path.join(out, 'report.html')}\n`);
    const written = readPage(out);
    await mapreduce(['report', out]);
    const withoutTime = (page: string) => page.replace(/, [\d-]+ [\d:]+ UTC/, '');
    expect(withoutTime(readPage(out))).toBe(withoutTime(written));
  });

  it('leaves a page about a failure: the reason, the ledger so far and the bad lines', async () => {
    const out = newOut();
    const { code, stderr } = await mapreduce(['run', SAMPLE, '-o', out, '--report']);
    expect(code).toBe(2);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toContain(`; the page about it is ${path.join(out, 'report.html')}`);
    const text = textOf(readPage(out));
    for (const shown of [
      'The run failed; nothing was published',
      'ErrorBudgetExceededError',
      'over max_bad_records 0',
      '2,009 ok + 2 blank + 2 bad',
      'All are listed in',
      '142,509',
    ]) {
      expect(text).toContain(shown);
    }
    expect(readdirSync(out).sort()).toEqual(['rejects', 'report.html']);
  });

  it('keeps the page of an earlier output beside that of the run that failed', async () => {
    const out = await countSample('-q', '--report');
    const earlier = readPage(out);
    expect(await mapreduce(['run', SAMPLE, '-o', out, '--overwrite', '--report'])).toMatchObject({ code: 2 });
    expect(readPage(out)).toBe(earlier);
    expect(textOf(readPage(out, 'report.failed.html'))).toContain('nothing was published');
    expect(
      await mapreduce(['run', SAMPLE, '-o', out, '--overwrite', '--max-bad-records', '2']),
    ).toMatchObject({ code: 0 });
    expect(readdirSync(out).filter((name) => name.includes('html'))).toEqual([]);
  });

  it('writes nothing into a directory that is not its own', async () => {
    const foreign = path.join(workspace, 'foreign');
    mkdirSync(foreign);
    writeFileSync(path.join(foreign, 'thesis.txt'), '');
    expect(await mapreduce(['run', SAMPLE, '-o', foreign, '--report'])).toMatchObject({ code: 2 });
    expect(readdirSync(foreign)).toEqual(['thesis.txt']);
  });

  it('leaves a page about a run that failed before it had a line', async () => {
    const out = newOut();
    const gzip = writeInput('torn.jsonl.gz', '\u001f\u008bnot gzip');
    expect(await mapreduce(['run', gzip, '-o', out, '--report'])).toMatchObject({ code: 2 });
    expect(textOf(readPage(out))).toContain('nothing was published');
  });
});
