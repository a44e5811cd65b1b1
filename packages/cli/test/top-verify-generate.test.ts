import { spawn } from 'node:child_process';
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { checksums, createWorkspace, mapreduce, start } from './mapreduce';

const workspace = createWorkspace();
const input = path.join(workspace, 'input.jsonl');
let outputs = 0;

async function run(): Promise<string> {
  const out = path.join(workspace, `out-${outputs++}`);
  await mapreduce(['run', input, '-o', out, '-q', '--num-buckets', '4', '--max-bad-ratio', '1']);
  return out;
}

beforeAll(async () => {
  await mapreduce([
    'generate',
    '--lines',
    '5000',
    '--unique',
    '500',
    '--seed',
    '3',
    '--dirt',
    '0.01',
    '--out',
    input,
  ]);
});

describe('mapreduce generate', () => {
  it('writes the same bytes for the same seed and others for another', async () => {
    const generate = async (seed: string) =>
      (await mapreduce(['generate', '--lines', '50', '--unique', '9', '--seed', seed])).stdout;
    const first = await generate('1');
    expect(await generate('1')).toBe(first);
    expect(await generate('2')).not.toBe(first);
  });

  it('makes as many lines and URLs as asked for, most of them few times', async () => {
    const { stdout } = await mapreduce(['generate', '--lines', '20000', '--unique', '1000', '--seed', '1']);
    const counts = new Map<string, number>();
    for (const line of stdout.trimEnd().split('\n')) {
      const { url } = JSON.parse(line) as { url: string };
      counts.set(url, (counts.get(url) ?? 0) + 1);
    }
    const sorted = [...counts.values()].sort((a, b) => b - a);
    expect(stdout.split('\n')).toHaveLength(20_001);
    expect(sorted).toHaveLength(1000);
    expect(sorted[0]).toBeGreaterThan(5 * (sorted[9] as number));
  });

  it('makes the directories of its file, and says where it cannot', async () => {
    const out = path.join(workspace, 'logs', 'deep', 'access.jsonl');
    expect((await mapreduce(['generate', '--lines', '1', '--out', out])).code).toBe(0);
    expect(readFileSync(out, 'utf8').split('\n')).toHaveLength(2);
    const { code, stderr } = await mapreduce(['generate', '--lines', '1', '--out', path.join(out, 'below')]);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /access\.jsonl\/below: expected a file that can be written, got (ENOTDIR|EEXIST); choose/,
    );
  });

  it('ends quietly when its reader has seen enough', async () => {
    const bundle = path.resolve(__dirname, '../dist/main.mjs');
    const child = spawn(process.execPath, [bundle, 'generate', '--lines', '1000000'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (text: Buffer) => {
      stderr += text.toString();
    });
    child.stdout.once('data', () => child.stdout.destroy());
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

describe('mapreduce top', () => {
  it('lists URLs by count, then by bytes, as a table and as JSON', async () => {
    const out = await run();
    const { stdout } = await mapreduce(['top', out, '-n', '3']);
    expect(stdout.split('\n')).toHaveLength(5);
    const { stdout: json } = await mapreduce(['top', out, '-n', '3', '--json']);
    const top = JSON.parse(json) as { url: string; count: number }[];
    expect(top).toEqual(JSON.parse(readFileSync(path.join(out, 'manifest.json'), 'utf8')).top.slice(0, 3));
  });

  it('reads the buckets for more than the manifest lists', async () => {
    const out = await run();
    const top = JSON.parse((await mapreduce(['top', out, '-n', '450', '--json'])).stdout) as {
      url: string;
      count: number;
    }[];
    expect(top).toHaveLength(450);
    expect(top.slice(0, 100)).toEqual(JSON.parse(readFileSync(path.join(out, 'manifest.json'), 'utf8')).top);
    expect(top.map(({ count }) => count)).toEqual(top.map(({ count }) => count).sort((a, b) => b - a));
  });

  it('says what is missing where there is no output', async () => {
    const { code, stderr } = await mapreduce(['top', workspace]);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('expected the manifest of a finished run'),
    });
  });
});

describe('mapreduce verify', () => {
  it('fails for a fault although nobody reads what it prints', async () => {
    const out = await run();
    writeFileSync(path.join(out, 'bucket_0.json'), '{\n}\n');
    const { child, finished } = start(['verify', out, '--json']);
    child.stdout?.destroy();
    expect((await finished).code).toBe(2);
  });

  it('accepts an output, and its input', async () => {
    const out = await run();
    expect(await mapreduce(['verify', out])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^OK: 4 buckets, 500 URLs/),
    });
    const recount = await mapreduce(['verify', out, input]);
    expect(recount).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('counting the input again gives the same'),
    });
    expect(JSON.parse((await mapreduce(['verify', out, '--json'])).stdout)).toEqual({
      is_valid: true,
      is_recounted: false,
      faults: [],
    });
  });

  it.each<[string, (out: string) => void, RegExp]>([
    [
      'a changed bucket',
      (out) => appendFileSync(path.join(out, 'bucket_1.json'), ' '),
      /bucket_1\.json: expected SHA-256/,
    ],
    [
      'a missing bucket',
      (out) => rmSync(path.join(out, 'bucket_2.json')),
      /bucket_2\.json: expected a file, got none/,
    ],
    [
      'a bucket too many',
      (out) => writeFileSync(path.join(out, 'bucket_9.json'), '{}'),
      /bucket_9\.json: expected no such file/,
    ],
    [
      'a changed total',
      (out) =>
        edit(out, (manifest) => {
          manifest.counts.total += 1;
        }),
      /expected sum of counts to be \d+, got \d+/,
    ],
    [
      'changed top URLs',
      (out) =>
        edit(out, (manifest) => {
          manifest.top.reverse();
        }),
      /top is not what the buckets give/,
    ],
  ])('refuses %s with exit code 2', async (_, damage, message) => {
    const out = await run();
    damage(out);
    const { code, stdout, stderr } = await mapreduce(['verify', out]);
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('refuses another input', async () => {
    const out = await run();
    const other = path.join(workspace, 'other.jsonl');
    writeFileSync(other, readFileSync(input, 'utf8').replace('shop.example', 'shop.other'));
    const before = checksums(out);
    const { code, stderr } = await mapreduce(['verify', out, other]);
    expect(stderr).toMatch(
      /counts: expected the same from counting the input again, got others in 2 of 4 buckets/,
    );
    expect(code).toBe(2);
    expect(checksums(out)).toEqual(before);
  });
});

// biome-ignore lint/suspicious/noExplicitAny: the tests damage fields at will
function edit(out: string, change: (manifest: any) => void): void {
  const file = path.join(out, 'manifest.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8'));
  change(manifest);
  writeFileSync(file, JSON.stringify(manifest));
}

describe('every command', () => {
  it.each([['--help'], ['run', '--help'], ['top', '--help'], ['verify', '--help'], ['generate', '--help']])(
    'explains itself: %s %s',
    async (...args) => {
      const { code, stdout } = await mapreduce(args.filter((arg) => typeof arg === 'string'));
      expect(stdout).toMatch(/^Usage: mapreduce/);
      expect(code).toBe(0);
    },
  );
});
