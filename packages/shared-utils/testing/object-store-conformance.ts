import { setImmediate } from 'node:timers/promises';
import { InputChangedError, InputNotFoundError } from '../src/domain/errors';
import { mapConcurrently } from '../src/io/map-concurrently';
import type { ObjectRef, ObjectStore } from '../src/io/object-store';
import { readBytes, readText } from '../src/io/read-object';

const MIB = 1024 * 1024;

export interface StoreUnderTest {
  readonly store: ObjectStore;
  /** A bucket that exists and is empty. */
  readonly bucket: string;
  /** Another such bucket whose objects have versions, where the store knows them. */
  readonly versionedBucket?: string;
  /** Files or responses that the adapter holds open now. */
  readonly countOpenHandles: () => Promise<number>;
  readonly close: () => Promise<void>;
}

/** In UTF-8 byte order; the last two are the other way round in the order of UTF-16. */
export const ODD_KEYS = [
  ' space',
  '#hash',
  '%',
  '%20',
  '+',
  'a b',
  'a&b;<c>"d\'',
  'a+b',
  'a.txt',
  'a/b=c/d',
  'new\nline',
  'question?mark',
  'return\rhere',
  'é',
  '\uff5e',
  '😀',
];

/** What every adapter of `ObjectStore` does alike; each runs this suite over a store of its own. */
export function describeObjectStore(name: string, setup: () => Promise<StoreUnderTest>): void {
  describe(`${name} as an object store`, () => {
    let under: StoreUnderTest;
    let store: ObjectStore;
    const refTo = (objectKey: string): ObjectRef => ({ bucket: under.bucket, objectKey });

    beforeEach(async () => {
      under = await setup();
      store = under.store;
    });
    afterEach(() => under.close());

    const seed = async (objectKey: string, content: string | Uint8Array): Promise<ObjectRef> => {
      await store.put(refTo(objectKey), Buffer.from(content));
      return refTo(objectKey);
    };
    const keysUnder = async (prefix: string): Promise<string[]> => {
      const keys: string[] = [];
      for await (const { objectKey } of store.list(under.bucket, prefix)) keys.push(objectKey);
      return keys;
    };
    /** The other side of a connection learns of its end a few turns later. */
    const expectNoOpenHandles = async () => {
      while ((await under.countOpenHandles()) > 0) await setImmediate();
    };

    describe('read', () => {
      const ranges = [
        { what: 'all of it', range: undefined, expected: '0123456789' },
        { what: 'the first byte', range: { start: 0, end: 1 }, expected: '0' },
        { what: 'the middle', range: { start: 3, end: 7 }, expected: '3456' },
        { what: 'the last byte', range: { start: 9, end: 10 }, expected: '9' },
        { what: 'the whole range', range: { start: 0, end: 10 }, expected: '0123456789' },
        { what: 'an empty range', range: { start: 4, end: 4 }, expected: '' },
      ];
      it.each(ranges)('gives $what', async ({ range, expected }) => {
        const ref = await seed('digits', '0123456789');
        const { etag } = await store.head(ref);
        expect(await readText(store, ref, range === undefined ? {} : { range })).toBe(expected);
        expect(await readText(store, ref, { ifMatch: etag, ...(range && { range }) })).toBe(expected);
      });

      it('gives an object of several pieces in order', async () => {
        const content = pattern(3 * MIB + 17);
        const ref = await seed('large', content);
        expect(Buffer.compare(await readBytes(store, ref), content)).toBe(0);
        const range = { start: MIB - 1, end: 2 * MIB + 1 };
        expect(
          Buffer.compare(await readBytes(store, ref, { range }), content.subarray(range.start, range.end)),
        ).toBe(0);
      });

      it('gives nothing of an empty object', async () => {
        const ref = await seed('empty', '');
        const { size, etag } = await store.head(ref);
        expect(size).toBe(0);
        expect(await readText(store, ref)).toBe('');
        expect(await readText(store, ref, { ifMatch: etag })).toBe('');
        expect(await readText(store, ref, { range: { start: 0, end: 0 }, ifMatch: etag })).toBe('');
      });

      it.each([
        { what: 'ends behind the object', range: { start: 5, end: 11 } },
        { what: 'begins at its end', range: { start: 10, end: 11 } },
      ])('fails where the range $what', async ({ range }) => {
        const ref = await seed('digits', '0123456789');
        await expect(readText(store, ref, { range })).rejects.toThrow(InputChangedError);
      });

      it('refuses other bytes than those of ifMatch', async () => {
        const ref = await seed('object', 'first');
        const { etag } = await store.head(ref);
        await seed('object', 'second');
        await expect(readText(store, ref, { ifMatch: etag })).rejects.toThrow(InputChangedError);
        await expect(readText(store, ref, { ifMatch: etag, range: { start: 0, end: 1 } })).rejects.toThrow(
          InputChangedError,
        );
        expect(await readText(store, ref)).toBe('second');
      });

      it('holds nothing open after its consumer has stopped early', async () => {
        const ref = await seed('large', pattern(4 * MIB));
        for await (const piece of store.read(ref)) {
          expect(piece.length).toBeGreaterThan(0);
          break;
        }
        await expectNoOpenHandles();
      });

      it('holds nothing open after its consumer has failed', async () => {
        const ref = await seed('large', pattern(4 * MIB));
        const consume = async () => {
          for await (const piece of store.read(ref)) throw new RangeError(`cannot use ${piece.length} bytes`);
        };
        await expect(consume()).rejects.toThrow(RangeError);
        await expectNoOpenHandles();
      });
    });

    describe('a version', () => {
      it('is told and read by its id, or the newest where none is named; without versions the id is ignored', async () => {
        const bucket = under.versionedBucket ?? under.bucket;
        const ref = { bucket, objectKey: 'object' };
        await store.put(ref, Buffer.from('first'));
        const first = await store.head(ref);
        await store.put(ref, Buffer.from('second, longer'));
        const second = await store.head(ref);
        expect(await readText(store, ref)).toBe('second, longer');
        if (under.versionedBucket === undefined) {
          expect(second).not.toHaveProperty('versionId');
          expect(await store.head(ref, { versionId: 'any' })).toEqual(second);
          return;
        }
        for (const { stat, text } of [
          { stat: first, text: 'first' },
          { stat: second, text: 'second, longer' },
        ]) {
          const versionId = stat.versionId ?? 'none';
          expect(await store.head(ref, { versionId })).toEqual(stat);
          expect(await readText(store, ref, { versionId, ifMatch: stat.etag })).toBe(text);
          expect(await readText(store, ref, { versionId, range: { start: 1, end: 3 } })).toBe(
            text.slice(1, 3),
          );
        }
      });
    });

    describe('a missing object', () => {
      const missing: ReadonlyArray<{ what: string; act: () => Promise<unknown> }> = [
        { what: 'head', act: () => store.head(refTo('missing')) },
        { what: 'read', act: () => readText(store, refTo('missing')) },
        {
          what: 'read of a range',
          act: () => readText(store, refTo('missing'), { range: { start: 0, end: 5 } }),
        },
        { what: 'read with ifMatch', act: () => readText(store, refTo('missing'), { ifMatch: '"etag"' }) },
      ];
      it.each(missing)('fails $what with its name', async ({ act }) => {
        const failure = act();
        await expect(failure).rejects.toThrow(InputNotFoundError);
        await expect(failure).rejects.toThrow(store.uri(refTo('missing')));
      });

      it('is deleted without an error', async () => {
        await store.delete([refTo('missing'), refTo('missing/too')]);
        expect(await keysUnder('')).toEqual([]);
      });

      it('is not in a listing', async () => {
        expect(await keysUnder('missing/')).toEqual([]);
      });
    });

    describe('put', () => {
      it('replaces what is there, and its etag', async () => {
        const ref = await seed('object', 'first');
        const before = await store.head(ref);
        expect(await store.put(ref, Buffer.from('other'))).toBe(true);
        expect(await readText(store, ref)).toBe('other');
        expect((await store.head(ref)).etag).not.toBe(before.etag);
      });

      it('leaves alone what is there with ifNoneMatch', async () => {
        const ref = await seed('object', 'first');
        expect(await store.put(ref, Buffer.from('second'), { ifNoneMatch: true })).toBe(false);
        expect(await readText(store, ref)).toBe('first');
      });

      it('has exactly one winner among twenty with ifNoneMatch', async () => {
        const contents = Array.from({ length: 20 }, (_, attempt) => `attempt ${attempt}`);
        const won = await Promise.all(
          contents.map((content) => store.put(refTo('commit'), Buffer.from(content), { ifNoneMatch: true })),
        );
        expect(won.filter(Boolean)).toHaveLength(1);
        expect(await readText(store, refTo('commit'))).toBe(contents[won.indexOf(true)]);
        expect(await keysUnder('')).toEqual(['commit']);
      });
    });

    describe('a writer', () => {
      it.each([
        { what: 'no bytes', sizes: [] },
        { what: 'a few bytes', sizes: [1, 0, 5] },
        { what: '17 MiB', sizes: Array.from({ length: 17 }, () => MIB) },
        { what: 'pieces larger than a part', sizes: [9 * MIB, 1, 8 * MIB] },
      ])('makes an object of $what', async ({ sizes }) => {
        const pieces = sizes.map(pattern);
        const writer = store.createWriter(refTo('written'));
        for (const piece of pieces) await writer.write(piece);
        await writer.close();
        const content = await readBytes(store, refTo('written'));
        expect(Buffer.compare(content, Buffer.concat(pieces))).toBe(0);
        expect((await store.head(refTo('written'))).size).toBe(content.length);
        await expectNoOpenHandles();
      });

      it('keeps nothing of the bytes it was given', async () => {
        const pieces = [1, MIB, 9 * MIB].map(pattern);
        const lent = Buffer.alloc(9 * MIB);
        const writer = store.createWriter(refTo('written'));
        for (const piece of pieces) {
          lent.set(piece);
          await writer.write(lent.subarray(0, piece.length));
          lent.fill(0);
        }
        await writer.close();
        const content = await readBytes(store, refTo('written'));
        expect(Buffer.compare(content, Buffer.concat(pieces))).toBe(0);
      });

      it('replaces an object only when it closes', async () => {
        const ref = await seed('object', 'first');
        const writer = store.createWriter(ref);
        await writer.write(Buffer.from('second'));
        expect(await readText(store, ref)).toBe('first');
        await writer.close();
        expect(await readText(store, ref)).toBe('second');
      });

      it.each([
        { what: 'before the first byte', sizes: [] },
        { what: 'after a few bytes', sizes: [5] },
        { what: 'after 17 MiB', sizes: [9 * MIB, 8 * MIB] },
      ])('leaves nothing behind when it is aborted $what', async ({ sizes }) => {
        const writer = store.createWriter(refTo('folder/aborted'));
        for (const size of sizes) await writer.write(pattern(size));
        await writer.abort();
        await writer.abort();
        expect(await keysUnder('')).toEqual([]);
        await expectNoOpenHandles();
      });

      it('leaves its object alone when it is aborted after it has closed', async () => {
        const writer = store.createWriter(refTo('written'));
        await writer.write(Buffer.from('content'));
        await writer.close();
        await writer.abort();
        expect(await readText(store, refTo('written'))).toBe('content');
      });
    });

    describe('list', () => {
      it('gives odd keys exactly, in UTF-8 byte order', async () => {
        for (const key of ODD_KEYS) await seed(key, key);
        expect(await keysUnder('')).toEqual(ODD_KEYS);
        for (const key of ODD_KEYS) expect(await readText(store, refTo(key))).toBe(key);
      });

      it('gives sizes, and etags that read accepts', async () => {
        await seed('a', 'four');
        await seed('b', '');
        const sizes: number[] = [];
        for await (const { objectKey, size, etag } of store.list(under.bucket, '')) {
          sizes.push(size);
          expect(etag).toBe((await store.head(refTo(objectKey))).etag);
          expect(await readText(store, refTo(objectKey), { ifMatch: etag })).toHaveLength(size);
        }
        expect(sizes).toEqual([4, 0]);
      });

      it.each([
        { prefix: '', expected: ['a-b', 'a.txt', 'a/1', 'a/b/2', 'a0', 'b/3'] },
        { prefix: 'a', expected: ['a-b', 'a.txt', 'a/1', 'a/b/2', 'a0'] },
        { prefix: 'a/', expected: ['a/1', 'a/b/2'] },
        { prefix: 'a/b', expected: ['a/b/2'] },
        { prefix: 'a/b/2', expected: ['a/b/2'] },
        { prefix: 'c/d/', expected: [] },
      ])('gives what begins with "$prefix"', async ({ prefix, expected }) => {
        for (const key of ['a/b/2', 'a-b', 'b/3', 'a0', 'a.txt', 'a/1']) await seed(key, key);
        expect(await keysUnder(prefix)).toEqual(expected);
      });

      it('gives more than a page of keys, and deletes more than a batch', async () => {
        const keys = Array.from({ length: 1100 }, (_, index) => `many/${String(index).padStart(4, '0')}`);
        await mapConcurrently(keys, 32, (key) => seed(key, ''));
        expect(await keysUnder('many/')).toEqual(keys);
        await store.delete(keys.map(refTo));
        expect(await keysUnder('')).toEqual([]);
      });
    });

    describe('delete', () => {
      it('deletes what it is told, whatever the key, and nothing else', async () => {
        for (const key of ODD_KEYS) await seed(key, key);
        const [kept, ...deleted] = ODD_KEYS;
        await store.delete(deleted.map(refTo));
        expect(await keysUnder('')).toEqual([kept]);
      });

      it('takes an empty list', async () => {
        await store.delete([]);
        expect(await keysUnder('')).toEqual([]);
      });
    });
  });
}

function pattern(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >>> 10)) & 0xff;
  return bytes;
}
