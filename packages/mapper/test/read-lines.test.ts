import zlib from 'node:zlib';
import {
  CorruptInputError,
  InputChangedError,
  InputNotFoundError,
  type InputRange,
  type ReadOptions,
  UnsupportedInputError,
} from '@mapreduce/shared-utils';
import { createMemoryStore, type MemoryStore } from '@mapreduce/shared-utils/testing';
import { type ReadLinesOptions, readLines } from '../src/read-lines';

const REF = { bucket: 'in', objectKey: 'a' };
const TEXT = '{"url":"a"}\n{"url":"b"}\n{"url":"c"}\n';

async function storeWith(bytes: string | Uint8Array, pieceBytes = 5): Promise<MemoryStore> {
  const store = createMemoryStore({ pieceBytes });
  await store.put(REF, Uint8Array.from(Buffer.from(bytes)));
  return store;
}

async function rangeOf(
  store: MemoryStore,
  overrides: Partial<Omit<InputRange, 'versionId'>> & { versionId?: string } = {},
): Promise<InputRange> {
  const { size, etag } = await store.head(REF);
  return { bucket: 'in', key: 'a', etag, size, compression: 'none', start: 0, end: size, ...overrides };
}

async function readText(
  store: MemoryStore,
  range: InputRange,
  options: Partial<ReadLinesOptions> = {},
): Promise<{ offset: number; text: string }> {
  const pieces = [];
  for await (const piece of readLines(store, range, { maxDecompressedBytes: null, ...options }))
    pieces.push(piece);
  return {
    offset: pieces[0]?.offset ?? -1,
    text: Buffer.concat(pieces.map(({ bytes }) => bytes)).toString(),
  };
}

describe('readLines', () => {
  it.each([
    { start: 0, end: 36, offset: 0, text: TEXT },
    { start: 0, end: 12, offset: 0, text: '{"url":"a"}\n' },
    { start: 0, end: 13, offset: 0, text: '{"url":"a"}\n{"url":"b"}\n' },
    { start: 1, end: 13, offset: 12, text: '{"url":"b"}\n' },
    { start: 13, end: 24, offset: -1, text: '' },
    { start: 24, end: 36, offset: 24, text: '{"url":"c"}\n' },
  ])('gives the lines that begin in [$start, $end)', async ({ start, end, offset, text }) => {
    const store = await storeWith(TEXT);
    expect(await readText(store, await rangeOf(store, { start, end }))).toEqual({ offset, text });
  });

  it.each([
    ['gzip', zlib.gzipSync(TEXT)],
    ['zstd', zlib.zstdCompressSync(TEXT)],
  ] as const)(
    'C15 gives all of an object in %s, with offsets in the decompressed bytes',
    async (compression, bytes) => {
      const store = await storeWith(bytes);
      const range = await rangeOf(store, { compression });
      expect(await readText(store, range)).toEqual({ offset: 0, text: TEXT });
      let next = 0;
      for await (const piece of readLines(store, range, { maxDecompressedBytes: null })) {
        expect(piece.offset).toBe(next);
        next += piece.bytes.length;
      }
      expect(next).toBe(36);
    },
  );

  it('tells every byte that it reads from the store', async () => {
    const gzip = zlib.gzipSync(TEXT);
    const store = await storeWith(gzip);
    let bytesRead = 0;
    const onBytesRead = (bytes: number) => {
      bytesRead += bytes;
    };
    await readText(store, await rangeOf(store, { compression: 'gzip' }), { onBytesRead });
    expect(bytesRead).toBe(gzip.length);
  });

  it.each([
    ['gzip', zlib.gzipSync(zlib.gzipSync(TEXT)), 'got gzip data; it was compressed twice'],
    ['zstd', zlib.gzipSync(zlib.zstdCompressSync(TEXT)), 'got zstd data; it was compressed twice'],
    ['xz', zlib.gzipSync(Buffer.from('fd377a585a000004', 'hex')), 'got xz'],
    ['UTF-16', zlib.gzipSync(Buffer.from(`\ufeff${TEXT}`, 'utf16le')), 'got UTF-16 text'],
  ])('C14 refuses %s inside gzip', async (_, bytes, message) => {
    const store = await storeWith(bytes, 1000);
    const failure = readText(store, await rangeOf(store, { compression: 'gzip' }));
    await expect(failure).rejects.toThrow(UnsupportedInputError);
    await expect(failure).rejects.toThrow(message);
    await expect(failure).rejects.toThrow(/^memory:\/\/in\/a: /);
  });

  it('gives no piece of an object that is empty inside', async () => {
    const store = await storeWith(zlib.gzipSync(''));
    expect(await readText(store, await rangeOf(store, { compression: 'gzip' }))).toEqual({
      offset: -1,
      text: '',
    });
  });

  it('holds to the limit of decompressed bytes', async () => {
    const store = await storeWith(zlib.gzipSync(TEXT));
    const range = await rangeOf(store, { compression: 'gzip' });
    expect((await readText(store, range, { maxDecompressedBytes: 36 })).text).toBe(TEXT);
    await expect(readText(store, range, { maxDecompressedBytes: 35 })).rejects.toThrow(CorruptInputError);
  });

  it.each(['none', 'gzip'] as const)(
    'C25 refuses an object (%s) that was overwritten since the plan',
    async (compression) => {
      const store = await storeWith(compression === 'gzip' ? zlib.gzipSync(TEXT) : TEXT);
      const range = await rangeOf(store, { compression });
      await store.put(REF, Uint8Array.from(Buffer.from(TEXT.replace('a', 'z'))));
      await expect(readText(store, range)).rejects.toThrow(InputChangedError);
    },
  );

  const changes: readonly (readonly [what: string, compression: 'none' | 'gzip', after: string])[] = [
    ['overwritten', 'none', TEXT.replace('c', 'z')],
    ['grown', 'none', `${TEXT}{"url":"d"}\n`],
    ['cut', 'none', TEXT.slice(0, 20)],
    ['overwritten', 'gzip', TEXT],
  ];
  it.each(changes)(
    'C26 refuses an object that is %s (%s) while it is read',
    async (_, compression, after) => {
      for (const pieceBytes of [1, 5, 36, 100]) {
        const store = await storeWith(compression === 'gzip' ? zlib.gzipSync(TEXT) : TEXT, pieceBytes);
        const range = await rangeOf(store, { compression });
        const onBytesRead = () => void store.objects.set('in/a', Uint8Array.from(Buffer.from(after)));
        await expect(readText(store, range, { onBytesRead })).rejects.toThrow(InputChangedError);
      }
    },
  );

  it('C26 refuses an object that is overwritten while the end of its last line is looked for', async () => {
    const store = await storeWith(TEXT, 5);
    const range = await rangeOf(store, { end: 13 });
    const read = async () => {
      for await (const { offset } of readLines(store, range, { maxDecompressedBytes: null })) {
        if (offset > 13) await store.put(REF, Uint8Array.from(Buffer.from(TEXT.replace('c', 'z'))));
      }
    };
    await expect(read()).rejects.toThrow(InputChangedError);
  });

  it.each([
    ['before', true],
    ['while', false],
  ])('C27 names an object that is deleted %s it is read', async (_, isBefore) => {
    const store = await storeWith(TEXT);
    const range = await rangeOf(store, { end: 5 });
    const read = async () => {
      if (isBefore) await store.delete([REF]);
      // The line goes on behind the range, so there is a second read.
      for await (const _piece of readLines(store, range, { maxDecompressedBytes: null })) {
        await store.delete([REF]);
      }
    };
    const failure = read();
    await expect(failure).rejects.toThrow(InputNotFoundError);
    await expect(failure).rejects.toThrow('memory://in/a');
  });

  it('asks for the pinned version, with the pinned etag, in every read', async () => {
    const store = await storeWith(TEXT);
    const asked: ReadOptions[] = [];
    const spy: MemoryStore = {
      ...store,
      read: (ref, options = {}) => {
        asked.push(options);
        return store.read(ref, options);
      },
    };
    const range = await rangeOf(store, { start: 1, end: 13, versionId: 'v1' });
    await readText(spy, range);
    expect(asked).toEqual([
      { range: { start: 0, end: 13 }, ifMatch: range.etag, versionId: 'v1' },
      { range: { start: 13, end: 36 }, ifMatch: range.etag, versionId: 'v1' },
    ]);
  });
});
