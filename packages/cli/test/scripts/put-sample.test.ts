import { readFileSync } from 'node:fs';
import path from 'node:path';
import { failCalls, type S3Server, SLOW_DOWN, startS3Server } from '@mapreduce/shared-utils/testing';
import { mapreduce } from '../mapreduce';
import { ROOT, runScript } from './run-script';

let server: S3Server;
beforeEach(async () => {
  server = await startS3Server({ buckets: ['raw'] });
});
afterEach(() => server.close());

const put = (...args: string[]) =>
  runScript('put-sample.mjs', ['--bucket', 'raw', '--prefix', 'in/', ...args], server);
const textOf = (key: string) => Buffer.from(server.objects.get(`raw/${key}`) ?? []).toString();
const linesOf = (key: string) => textOf(key).trimEnd().split('\n');

describe('scripts/put-sample.mjs', () => {
  it('uploads the sample and prints an execution input that names it', async () => {
    const { code, stdout } = await put();
    expect(code).toBe(0);
    const names = ['file00.jsonl', 'file08.jsonl', 'file16.jsonl.gz'];
    expect(JSON.parse(stdout)).toEqual({
      input_files: names.map((name) => ({ bucket: 'raw', key: `in/${name}` })),
    });
    for (const name of names) {
      const uploaded = Buffer.from(server.objects.get(`raw/in/${name}`) ?? []);
      expect(uploaded.equals(readFileSync(path.join(ROOT, 'samples/access-log', name)))).toBe(true);
    }
  });

  it('uploads files of your own', async () => {
    const file = path.join(ROOT, 'package.json');
    expect(JSON.parse((await put(file)).stdout)).toEqual({
      input_files: [{ bucket: 'raw', key: 'in/package.json' }],
    });
    expect(textOf('in/package.json')).toBe(readFileSync(file, 'utf8'));
  });

  it('uploads what `mapreduce generate` writes, in as many files as are asked for', async () => {
    const { code, stdout } = await put('--lines', '1001', '--files', '3', '--unique', '20', '--seed', '7');
    expect(code).toBe(0);
    const keys = [0, 1, 2].map((file) => `in/generated-${file}.jsonl`);
    expect(JSON.parse(stdout)).toEqual({ input_files: keys.map((key) => ({ bucket: 'raw', key })) });
    expect(keys.map((key) => linesOf(key).length)).toEqual([333, 334, 334]);
    const urls = keys.flatMap(linesOf).map((line) => (JSON.parse(line) as { url: string }).url);
    expect(new Set(urls).size).toBe(20);
    const second = await mapreduce(['generate', '--lines', '334', '--unique', '20', '--seed', '8']);
    expect(textOf('in/generated-1.jsonl')).toBe(second.stdout);
  });

  it('lets `mapreduce generate` refuse what it does not take', async () => {
    const { code, stderr } = await put('--lines', '10', '--dirt', '2');
    expect(code).toBe(1);
    expect(stderr).toMatch(/--dirt.*\nput-sample: expected options that `mapreduce generate` takes/s);
    expect(server.objects.size).toBe(0);
  });

  it('uploads again what broke off', async () => {
    server.injectFaults(failCalls({ to: 2 }, SLOW_DOWN));
    expect(await put()).toMatchObject({ code: 0, stderr: '' });
    expect(server.objects.size).toBe(3);
  });

  it('names what S3 refuses', async () => {
    expect(await runScript('put-sample.mjs', ['--bucket', 'none'], server)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^put-sample: NoSuchBucket/),
    });
  });
});
