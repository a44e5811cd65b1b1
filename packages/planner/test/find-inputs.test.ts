import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { ObjectRef, ReadOptions } from '@mapreduce/shared-utils';
import { createMemoryStore, type MemoryStore } from '@mapreduce/shared-utils/testing';
import { findInputs } from '../src/find-inputs';

async function storeWith(objects: Record<string, string | Uint8Array>): Promise<MemoryStore> {
  const store = createMemoryStore();
  for (const [objectKey, content] of Object.entries(objects)) {
    await store.put({ bucket: 'in', objectKey }, Uint8Array.from(Buffer.from(content)));
  }
  return store;
}

const file = (key: string) => ({ bucket: 'in', key });

const under = (prefix: string, suffix?: string) => ({
  inputPrefixes: [{ bucket: 'in', prefix, ...(suffix !== undefined && { suffix }) }],
});

const keysOf = async (store: MemoryStore, input: Parameters<typeof findInputs>[1]) =>
  (await findInputs(store, input)).map(({ key }) => key);

describe('finding inputs', () => {
  it('pins each object by size and etag, and tells its compression by its bytes', async () => {
    const gzip = gzipSync('{}');
    const zstd = zstdCompressSync('{}');
    const store = await storeWith({ plain: '{}', 'named.gz': '{}', gzip, zstd, empty: '' });
    const names = ['plain', 'named.gz', 'gzip', 'zstd', 'empty'];
    const found = await findInputs(store, { inputFiles: names.map(file) });
    const etags = await Promise.all(
      names.map(async (objectKey) => (await store.head({ bucket: 'in', objectKey })).etag),
    );
    expect(found).toEqual([
      { bucket: 'in', key: 'plain', size: 2, etag: etags[0], compression: 'none' },
      { bucket: 'in', key: 'named.gz', size: 2, etag: etags[1], compression: 'none' },
      { bucket: 'in', key: 'gzip', size: gzip.length, etag: etags[2], compression: 'gzip' },
      { bucket: 'in', key: 'zstd', size: zstd.length, etag: etags[3], compression: 'zstd' },
      { bucket: 'in', key: 'empty', size: 0, etag: etags[4], compression: 'none' },
    ]);
  });

  it('keeps the order given: files first, then each prefix in the order of its keys', async () => {
    const store = await storeWith({ b: 'x', a: 'x', 'p/2': 'x', 'p/10': 'x', 'q/1': 'x' });
    const input = {
      inputFiles: [file('b'), file('a')],
      inputPrefixes: [
        { bucket: 'in', prefix: 'q/' },
        { bucket: 'in', prefix: 'p/' },
      ],
    };
    expect(await keysOf(store, input)).toEqual(['b', 'a', 'q/1', 'p/10', 'p/2']);
  });

  it('keeps the order of hundreds of objects, whose requests end in any order', async () => {
    const keys = Array.from({ length: 300 }, (_, index) => `file-${(index * 7) % 300}`);
    const store = await storeWith(Object.fromEntries(keys.map((key) => [key, key])));
    let inFlight = 0;
    let most = 0;
    const uneven: MemoryStore = {
      ...store,
      async head(ref) {
        most = Math.max(most, ++inFlight);
        for (let turn = 0; turn < ref.objectKey.length % 4; turn++) await new Promise(setImmediate);
        inFlight--;
        return store.head(ref);
      },
    };
    expect(await keysOf(uneven, { inputFiles: keys.map(file) })).toEqual(keys);
    expect(most).toBe(64);
  });

  it.each([
    ['all that begin with it', under('a'), ['a/', 'a/1.jsonl', 'a/2.gz', 'ab']],
    ['those with the suffix', under('a', '.jsonl'), ['a/1.jsonl']],
    ['all of the bucket', under(''), ['a/', 'a/1.jsonl', 'a/2.gz', 'ab', 'c']],
    ['its own key', under('c'), ['c']],
  ])('C31 takes of a prefix %s, but no folder marker', async (_, input, expected) => {
    // The first "folder" has content, so it is an input like any other.
    const store = await storeWith({
      'a/': 'x',
      'a/1.jsonl': 'x',
      'a/2.gz': gzipSync(''),
      'a/b/': '',
      ab: 'x',
      c: '',
    });
    expect(await keysOf(store, input)).toEqual(expected);
  });

  it('C31 takes odd keys as they are', async () => {
    const keys = ['%20', '+', 'a b', 'é', 'new\nline', '#?'];
    const store = await storeWith(Object.fromEntries(keys.map((key) => [key, 'x'])));
    expect(await keysOf(store, { inputFiles: keys.map(file) })).toEqual(keys);
    expect(new Set(await keysOf(store, under('')))).toEqual(new Set(keys));
  });

  it('reads no more of an object than its first bytes, and those of the pinned one', async () => {
    const store = await storeWith({ large: 'x'.repeat(100_000), small: 'xyz' });
    const asked: [string, ReadOptions | undefined][] = [];
    const spy: MemoryStore = {
      ...store,
      read(ref: ObjectRef, options?: ReadOptions) {
        asked.push([ref.objectKey, options]);
        return store.read(ref, options);
      },
    };
    const found = await findInputs(spy, { inputFiles: [file('large'), file('small')] });
    expect(asked).toEqual([
      ['large', { range: { start: 0, end: 8 }, ifMatch: found[0]?.etag }],
      ['small', { range: { start: 0, end: 3 }, ifMatch: found[1]?.etag }],
    ]);
  });

  it('C25 refuses an object that changes between the listing and the look at it', async () => {
    const store = await storeWith({ a: 'first' });
    const changing: MemoryStore = {
      ...store,
      async *list(bucket, prefix) {
        yield* store.list(bucket, prefix);
        store.objects.set('in/a', Buffer.from('other'));
      },
    };
    await expect(findInputs(changing, under(''))).rejects.toMatchObject({ name: 'InputChangedError' });
  });

  it.each([
    ['within the files', { inputFiles: [file('a'), file('b'), file('a')] }],
    ['in two prefixes', { inputPrefixes: [under('a'), under('')].flatMap((each) => each.inputPrefixes) }],
    ['in a file and a prefix', { inputFiles: [file('a')], ...under('') }],
  ])('C21 refuses a duplicate %s before it asks for any object', async (_, input) => {
    const store = await storeWith({ a: 'x', b: 'x' });
    let requests = 0;
    const head: MemoryStore['head'] = async (ref) => {
      requests++;
      return store.head(ref);
    };
    await expect(findInputs({ ...store, head }, input)).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: 'memory://in/a: expected each input once, got it twice; duplicate input',
    });
    expect(requests).toBe(0);
  });

  it('C21 takes one key from two buckets', async () => {
    const store = await storeWith({ a: 'x' });
    await store.put({ bucket: 'other', objectKey: 'a' }, Buffer.from('x'));
    const input = { inputFiles: [file('a'), { bucket: 'other', key: 'a' }] };
    expect((await findInputs(store, input)).map(({ bucket }) => bucket)).toEqual(['in', 'other']);
  });

  it.each([
    ['C23 nothing named', {}, 'InvalidInputError', 'at least one object'],
    ['C23 a prefix of folder markers', under('marker/'), 'InvalidInputError', 'at least one object'],
    ['C23 a suffix that nothing has', under('', '.csv'), 'InvalidInputError', 'at least one object'],
    ['C27 a missing object', { inputFiles: [file('a'), file('gone')] }, 'InputNotFoundError', 'in/gone'],
    ['Z12 an empty .gz', { inputFiles: [file('empty.gz')] }, 'CorruptInputError', 'in/empty.gz'],
    ['Z12 an empty .zst', { inputFiles: [file('empty.zst')] }, 'CorruptInputError', 'in/empty.zst'],
    ['Z15 zip', { inputFiles: [file('zip')] }, 'UnsupportedInputError', 'in/zip'],
  ])('refuses %s', async (_, input, name, message) => {
    const store = await storeWith({
      a: 'x',
      'marker/': '',
      'empty.gz': '',
      'empty.zst': '',
      zip: 'PK\u0003\u0004',
    });
    await expect(findInputs(store, input)).rejects.toMatchObject({
      name,
      message: expect.stringContaining(message),
    });
  });

  describe('with a version', () => {
    const versioned = async () => {
      const store = createMemoryStore({ isVersioned: true });
      const ref = { bucket: 'in', objectKey: 'a' };
      await store.put(ref, gzipSync('older'));
      await store.put(ref, Buffer.from('current'));
      return store;
    };

    it.each([
      {
        what: 'the current one, not named',
        versionId: undefined,
        expected: 'version-2',
        compression: 'none',
      },
      { what: 'the current one', versionId: 'version-2', expected: 'version-2', compression: 'none' },
      { what: 'an older one', versionId: 'version-1', expected: 'version-1', compression: 'gzip' },
    ])('pins $what, by its own size, etag and first bytes', async ({ versionId, expected, compression }) => {
      const store = await versioned();
      const { size, etag } = await store.head({ bucket: 'in', objectKey: 'a' }, { versionId: expected });
      const inputFiles = [{ ...file('a'), ...(versionId !== undefined && { versionId }) }];
      expect(await findInputs(store, { inputFiles })).toEqual([
        { bucket: 'in', key: 'a', versionId: expected, size, etag, compression },
      ]);
    });

    it('refuses one that there is not', async () => {
      const inputFiles = [{ ...file('a'), versionId: 'version-3' }];
      await expect(findInputs(await versioned(), { inputFiles })).rejects.toMatchObject({
        name: 'InputNotFoundError',
      });
    });

    it('refuses any where the store keeps none, rather than to read the current one in its place', async () => {
      const inputFiles = [{ ...file('a'), versionId: 'version-1' }];
      await expect(findInputs(await storeWith({ a: 'x' }), { inputFiles })).rejects.toMatchObject({
        name: 'InvalidInputError',
        message: expect.stringContaining('expected version "version-1", got "none"'),
      });
    });
  });
});
