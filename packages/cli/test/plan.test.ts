import { truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { connectStore, type S3Server, startS3Server } from '@mapreduce/shared-utils/testing';
import { createHandlerByState } from '../src/local/stages';
import { executeExpress } from '../src/local/state-machine';
import { countRequests } from './count-requests';
import { createWorkspace, mapreduce } from './mapreduce';
import { createPipeline } from './run-in-memory';

const directory = createWorkspace();
const at = (name: string) => path.join(directory, name);

const AWS = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'us-east-1' };

/** An odd number of lines, so that no cut is at the end of one. */
function linesOf(count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, (_, index) => `{"url":"/${index}"}\n`).join(''));
}

describe('mapreduce plan', () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await startS3Server({ buckets: ['raw', 'my-temp-bucket', 'my-output-bucket'] });
    server.objects.set('raw/logs/a.jsonl', linesOf(10_001));
    server.objects.set('raw/logs/b.jsonl.gz', gzipSync(linesOf(1001)));
    server.objects.set('raw/logs/c.txt', Buffer.from('no JSONL'));
    server.objects.set('raw/one.jsonl', linesOf(1));
  });
  afterAll(() => server.close());

  const planJson = async (...args: string[]) => {
    const { stdout, stderr } = await mapreduce(['plan', '--json', ...args], { env: AWS });
    expect(stderr).toBe('');
    return JSON.parse(stdout);
  };
  const remote = (...args: string[]) => planJson('--endpoint-url', server.endpoint, ...args);

  it.each([
    ['s3://raw/logs/', 3],
    ['s3://raw/logs/*.jsonl', 1],
    ['s3://raw/*.gz', 1],
    ['s3://raw/one.jsonl', 1],
    ['s3://raw', 4],
  ])('finds what %s stands for', async (uri, inputs) => {
    expect(await remote(uri)).toMatchObject({ inputs, machine: 'express', advice: 'express' });
  });

  it('foretells the requests of a run to the last one, as a server then counts them', async () => {
    const splitBytes = 100_000;
    const planned = await remote(
      's3://raw/logs/*l',
      's3://raw/logs/*.gz',
      '--split-bytes',
      `${splitBytes}`,
      '--urls-per-split',
      '5000',
    );
    const store = connectStore(server);
    const { deps } = createPipeline({ splitBytes });
    const before = server.calls.length;
    await executeExpress(
      {
        input_prefixes: [
          { bucket: 'raw', prefix: 'logs/', suffix: 'l' },
          { bucket: 'raw', prefix: 'logs/', suffix: '.gz' },
        ],
      },
      {
        executionId: 'arn:r',
        runTask: (state, event) => createHandlerByState[state]({ ...deps, store })(event),
        signal: new AbortController().signal,
      },
    );
    store.destroy();
    expect(planned.splits).toBe(3);
    expect(planned.requests).toEqual(countRequests(server.calls.slice(before)));
  });

  it('advises to count a small directory where it is', async () => {
    writeFileSync(at('a.jsonl'), linesOf(3));
    const { code, stdout } = await mapreduce(['plan', directory]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^1 file, \d+ B; 1 split of up to 134 MB\.\n/);
    expect(stdout).toContain('advice  run it here, in less than a second: mapreduce run\n');
    expect(stdout).toMatch(/all of it +\$0\.000\d+\n +Athena, one scan +\$0\.000050\n$/);
  });

  it('names the batch machine, and why, where Express does not hold the input', async () => {
    writeFileSync(at('huge.jsonl'), '{"url":');
    truncateSync(at('huge.jsonl'), 3e12);
    const planned = await planJson(at('huge.jsonl'), '--concurrency', '100', '--region', 'us-east-1');
    expect(planned).toMatchObject({
      machine: 'batch',
      advice: 'batch',
      athena_dollars: 15,
      prices_of: 'us-east-1',
    });
    expect(planned.limit).toContain('at most 10000 splits');
    expect(planned.seconds).toBeGreaterThan(3e12 / 69e6 / 100);
    const sum = planned.cost.reduce(
      (dollars: number, line: { dollars: number }) => dollars + line.dollars,
      0,
    );
    expect(planned.dollars).toBeCloseTo(sum, 9);
  });

  it('says whose prices it takes where it knows none of the Region', async () => {
    const { stdout } = await mapreduce(['plan', at('a.jsonl'), '--region', 'ap-south-1']);
    expect(stdout).toContain('at the prices of us-east-1: those of ap-south-1 are not known here');
  });

  it.each([
    [['s3://raw/logs/', '.'], /expected all local paths or all s3:\/\/ ones, got both/],
    [
      ['s3://raw/a?'],
      /expected a key, a prefix that ends with \/, or a pattern with one \*, got another pattern/,
    ],
    [['s3://raw/*/*'], /got another pattern/],
    [['s3://raw/none/'], /expected at least one object/],
    [['s3://raw/none'], /s3:\/\/raw\/none: /],
    [['s3://Not_a_bucket/'], /got no name of a bucket/],
    [['nowhere'], /expected a file or directory, got nothing there/],
  ])('refuses %j', async (args, message) => {
    const { code, stdout, stderr } = await mapreduce(['plan', ...args, '--endpoint-url', server.endpoint], {
      env: AWS,
    });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
  });
});
