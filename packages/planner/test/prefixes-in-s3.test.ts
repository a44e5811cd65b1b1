import { failBySeed, failCalls, type S3Call, SLOW_DOWN } from '@mapreduce/shared-utils/testing';
import { findInputs } from '../src/find-inputs';
import { etagOf, startBucket } from './inventory-fixture';

let bucket: Awaited<ReturnType<typeof startBucket>>;
beforeEach(async () => {
  bucket = await startBucket();
});
afterEach(() => bucket.close());

const put = (key: string, content = 'x') => bucket.server.objects.set(`raw/${key}`, Buffer.from(content));
const under = (...prefixes: string[]) => ({
  inputPrefixes: prefixes.map((prefix) => ({ bucket: 'raw', prefix })),
});
const find = (input: Parameters<typeof findInputs>[1]) => findInputs(bucket.store, input);
const listings = () => bucket.server.calls.filter(({ operation }) => operation === 'ListObjectsV2');
const archived = { kind: 'status', status: 403, code: 'InvalidObjectState' } as const;

describe('prefixes of a bucket', () => {
  it('C31 are listed page by page, odd keys, folder markers and other suffixes among them', async () => {
    const pages = Array.from({ length: 2100 }, (_, index) => `logs/${String(index).padStart(4, '0')}.jsonl`);
    const odd = ['logs/a b+c%20.jsonl', 'logs/new\nline.jsonl', 'logs/z&<?#>".jsonl', 'logs/é😀.jsonl'];
    for (const key of [...pages, ...odd, 'logs/0000.txt', 'logs2/a.jsonl']) put(key);
    for (const marker of ['logs/', 'logs/folder/', 'logs/x.jsonl/']) put(marker, '');
    const found = await find({ inputPrefixes: [{ bucket: 'raw', prefix: 'logs/', suffix: '.jsonl' }] });
    expect(found.map(({ key }) => key)).toEqual([...pages, ...odd]);
    expect(listings()).toHaveLength(3);
  });

  it('need one request for an object beyond those for the pages, bound to the listed etag', async () => {
    for (const key of ['a', 'b']) put(key, key);
    put('c', '');
    expect(await find(under(''))).toMatchObject([{ key: 'a' }, { key: 'b' }, { key: 'c', size: 0 }]);
    expect(
      bucket.server.calls.map(({ objectKey, headers }) => [objectKey, headers['if-match']]).sort(),
    ).toEqual([
      ['', undefined],
      ['a', `"${etagOf('a')}"`],
      ['b', `"${etagOf('b')}"`],
    ]);
  });

  it('are listed several at a time, and keep their order', async () => {
    const prefixes = Array.from({ length: 40 }, (_, index) => `${(index * 7) % 40}/`);
    for (const prefix of prefixes) put(`${prefix}a`);
    const late = ({ operation, query }: S3Call) =>
      operation === 'ListObjectsV2' && query.get('prefix') === '0/';
    bucket.server.injectFaults(failCalls({ isMeant: late }, { kind: 'late', ms: 20 }));
    expect((await find(under(...prefixes))).map(({ key }) => key)).toEqual(
      prefixes.map((prefix) => `${prefix}a`),
    );
  });

  it('C29 give the same while a third of all calls goes wrong', async () => {
    const keys = Array.from({ length: 1200 }, (_, index) => `logs/${String(index).padStart(4, '0')}`);
    for (const key of keys) put(key);
    bucket.server.injectFaults(
      failBySeed(3, 1 / 3, [SLOW_DOWN, { kind: 'reset' }, { kind: 'cut', afterBytes: 1 }]),
    );
    expect((await find(under('logs/'))).map(({ key }) => key)).toEqual(keys);
  });

  it('fail the run where a later page is refused, rather than give the first ones', async () => {
    for (let index = 0; index < 1200; index++) put(`logs/${index}`);
    const isMeant = ({ query }: S3Call) => query.has('continuation-token');
    bucket.server.injectFaults(failCalls({ isMeant }, { kind: 'status', status: 403, code: 'AccessDenied' }));
    await expect(find(under('logs/'))).rejects.toMatchObject({
      name: 'StoreAccessError',
      message: expect.stringContaining('check the name and the permission s3:ListBucket'),
    });
    expect(bucket.server.calls.some(({ operation }) => operation === 'GetObject')).toBe(false);
  });

  it('fail the run where an object is in an archive storage class, whatever else there is', async () => {
    for (const key of ['a', 'b', 'c']) put(key);
    bucket.server.injectFaults(failCalls({ isMeant: ({ objectKey }) => objectKey === 'b' }, archived));
    await expect(find(under(''))).rejects.toMatchObject({
      name: 'UnsupportedInputError',
      message:
        's3://raw/b: expected an object that can be read, got an archived one; restore it first or leave it out',
    });
  });

  it('take no look at an archived object that a suffix leaves out', async () => {
    for (const key of ['a.jsonl', 'b.gz']) put(key);
    bucket.server.injectFaults(failCalls({ isMeant: ({ objectKey }) => objectKey === 'b.gz' }, archived));
    const found = await find({ inputPrefixes: [{ bucket: 'raw', prefix: '', suffix: '.jsonl' }] });
    expect(found.map(({ key }) => key)).toEqual(['a.jsonl']);
  });

  it('C28 name a bucket that does not exist', async () => {
    await expect(find({ inputPrefixes: [{ bucket: 'none', prefix: '' }] })).rejects.toMatchObject({
      name: 'StoreAccessError',
      message: expect.stringContaining('the bucket does not exist'),
    });
  });
});
