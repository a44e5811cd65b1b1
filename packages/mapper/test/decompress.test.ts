import zlib from 'node:zlib';
import { CorruptInputError, StoreUnavailableError } from '@mapreduce/shared-utils';
import * as fc from 'fast-check';
import { type DecompressOptions, decompress } from '../src/decompress';
import { ChunkedSource, chunkSizes, collect, MIB, slowly } from './byte-sources';

const GZIP: DecompressOptions = { where: 's3://in/a.gz', compression: 'gzip', maxBytes: null };
const ZSTD: DecompressOptions = { where: 's3://in/a.zst', compression: 'zstd', maxBytes: null };

const FIRST = '{"url":"https://example.com/a"}\n{"url":"https://exa';
const SECOND = 'mple.com/b"}\n{"url":"https://example.com/a"}\n';

const gzip = (text: string | Buffer) => zlib.gzipSync(text);
const zstd = (text: string | Buffer, hasChecksum = true) =>
  zlib.zstdCompressSync(text, { params: { [zlib.constants.ZSTD_c_checksumFlag]: Number(hasChecksum) } });
const zeros = (length: number) => Buffer.alloc(length);

/** A zstd frame that holds data of its user's own and decompresses to nothing. */
function skippable(length: number): Buffer {
  const frame = Buffer.alloc(8 + length, 0x28);
  frame.writeUInt32LE(0x184d2a50, 0);
  frame.writeUInt32LE(length, 4);
  return frame;
}

function flip(bytes: Buffer, at: number): Buffer {
  const flipped = Buffer.from(bytes);
  flipped[at] = (flipped.at(at) ?? 0) ^ 0x01;
  return flipped;
}

async function decompressAll(
  bytes: Buffer,
  options: DecompressOptions,
  chunkBytes?: number,
): Promise<string> {
  return String(await collect(decompress(new ChunkedSource(bytes, chunkBytes), options)));
}

const noise = Buffer.from(Array.from({ length: 3000 }, (_, index) => (index * index * 31) >>> 3));

describe('decompress', () => {
  const whole = FIRST + SECOND;
  it.each([
    { id: 'Z01', what: 'a gzip member', options: GZIP, bytes: gzip(whole), text: whole },
    {
      id: 'Z02/Z03',
      what: 'gzip members cut in a line',
      options: GZIP,
      bytes: Buffer.concat([gzip(FIRST), gzip(SECOND)]),
      text: whole,
    },
    {
      id: 'Z02',
      what: 'empty gzip members between others',
      options: GZIP,
      bytes: Buffer.concat([gzip(''), gzip(FIRST), gzip(''), gzip(''), gzip(SECOND), gzip('')]),
      text: whole,
    },
    {
      id: 'Z02',
      what: 'a gzip member for each byte',
      options: GZIP,
      bytes: Buffer.concat([...FIRST].map((char) => gzip(char))),
      text: FIRST,
    },
    {
      id: 'Z04',
      what: 'zero padding after gzip',
      options: GZIP,
      bytes: Buffer.concat([gzip(FIRST), gzip(SECOND), zeros(100)]),
      text: whole,
    },
    {
      id: 'Z04',
      what: 'one zero byte after gzip',
      options: GZIP,
      bytes: Buffer.concat([gzip(whole), zeros(1)]),
      text: whole,
    },
    { id: 'Z13', what: 'gzip of nothing', options: GZIP, bytes: gzip(''), text: '' },
    { id: 'Z14', what: 'a zstd frame', options: ZSTD, bytes: zstd(whole), text: whole },
    {
      id: 'Z14',
      what: 'a zstd frame without checksum',
      options: ZSTD,
      bytes: zstd(whole, false),
      text: whole,
    },
    {
      id: 'Z14',
      what: 'zstd frames cut in a line',
      options: ZSTD,
      bytes: Buffer.concat([zstd(FIRST), zstd(SECOND, false), zstd(''), zstd(whole)]),
      text: whole + whole,
    },
    {
      id: 'Z14',
      what: 'zstd frames with skippable ones before, between and after',
      options: ZSTD,
      bytes: Buffer.concat([
        skippable(12),
        zstd(FIRST),
        skippable(0),
        skippable(40),
        zstd(SECOND),
        skippable(1),
      ]),
      text: whole,
    },
    { id: 'Z14', what: 'zstd of nothing', options: ZSTD, bytes: zstd(''), text: '' },
    { id: 'Z14', what: 'a skippable zstd frame alone', options: ZSTD, bytes: skippable(9), text: '' },
    {
      id: 'Z01',
      what: 'what does not compress',
      options: GZIP,
      bytes: gzip(noise.subarray(0, 300)),
      text: String(noise.subarray(0, 300)),
    },
  ])('$id gives $what once, whatever the chunks', async ({ options, bytes, text }) => {
    for (const chunkBytes of chunkSizes(bytes.length)) {
      const read = await decompressAll(bytes, options, chunkBytes);
      expect({ chunkBytes, read }).toEqual({ chunkBytes, read: text });
      const readSlowly = String(
        await collect(slowly(decompress(new ChunkedSource(bytes, chunkBytes), options))),
      );
      expect({ chunkBytes, readSlowly }).toEqual({ chunkBytes, readSlowly: text });
    }
  });

  const member = gzip(whole);
  const frame = zstd(whole);
  it.each([
    {
      id: 'Z05',
      what: 'a gzip member behind zero padding',
      options: GZIP,
      files: [1, 2, 100].map((count) => Buffer.concat([gzip(FIRST), zeros(count), gzip(SECOND)])),
    },
    {
      id: 'Z06',
      what: 'gzip cut anywhere',
      options: GZIP,
      files: Array.from({ length: member.length }, (_, length) => member.subarray(0, length)),
    },
    {
      id: 'Z06',
      what: 'zstd cut anywhere',
      options: ZSTD,
      files: Array.from({ length: frame.length - 1 }, (_, index) => frame.subarray(0, index + 1)),
    },
    {
      id: 'Z07',
      what: 'a wrong CRC or length of a gzip member',
      options: GZIP,
      files: Array.from({ length: 8 }, (_, index) => flip(member, member.length - 1 - index)),
    },
    {
      id: 'Z07',
      what: 'a wrong checksum of a zstd frame',
      options: ZSTD,
      files: Array.from({ length: 4 }, (_, index) => flip(frame, frame.length - 1 - index)),
    },
    {
      id: 'Z08',
      what: 'a second gzip member cut anywhere',
      options: GZIP,
      files: Array.from({ length: member.length - 1 }, (_, index) =>
        Buffer.concat([member, member.subarray(0, index + 1)]),
      ),
    },
    {
      id: 'Z08',
      what: 'a second zstd frame cut anywhere',
      options: ZSTD,
      files: Array.from({ length: frame.length - 1 }, (_, index) =>
        Buffer.concat([frame, frame.subarray(0, index + 1)]),
      ),
    },
    {
      id: 'Z07',
      what: 'a wrong CRC of a second member',
      options: GZIP,
      files: [Buffer.concat([member, flip(member, member.length - 5)])],
    },
    {
      id: 'Z09',
      what: 'junk after gzip',
      options: GZIP,
      files: ['x', 'xx', '{"url":"junk"}\n', '\n', '\x1f', '\x1f\x8b', '\x1fx', '\0x', '\0\0\0\n'].map(
        (junk) => Buffer.concat([member, Buffer.from(junk, 'latin1')]),
      ),
    },
    {
      id: 'Z09',
      what: 'junk after zstd',
      options: ZSTD,
      files: ['x', '{"url":"junk"}\n', '\n', '\x28', '\x28\xb5\x2f', '\0', '\0\0\0\0'].map((junk) =>
        Buffer.concat([frame, Buffer.from(junk, 'latin1')]),
      ),
    },
    { id: 'Z10', what: 'plain text as gzip', options: GZIP, files: [Buffer.from(whole)] },
    { id: 'Z10', what: 'gzip as zstd', options: ZSTD, files: [member] },
    { id: 'Z14', what: 'zstd as gzip', options: GZIP, files: [frame] },
  ])('$id refuses $what, whatever the chunks', async ({ options, files }) => {
    for (const bytes of files) {
      for (const chunkBytes of new Set([1, 5, bytes.length - 1, bytes.length].filter((size) => size > 0))) {
        const source = new ChunkedSource(bytes, chunkBytes);
        const failure = await collect(decompress(source, options)).catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(CorruptInputError);
        expect((failure as Error).message).toMatch(
          /^s3:\/\/in\/a\.(gz|zst): expected .*; write the object again$/,
        );
        expect(source.isClosed || source.pulledBytes === 0).toBe(true);
      }
    }
  });

  it('gives any members or frames, whatever the chunks and however slow the consumer', async () => {
    const part = fc.oneof(fc.constant(''), fc.string({ maxLength: 200 }), fc.constant('z'.repeat(100_000)));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(GZIP, ZSTD),
        fc.array(part, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 400 }),
        fc.boolean(),
        async (options, parts, chunkBytes, isSlow) => {
          const compressed = parts.map((each) => (options === GZIP ? gzip(each) : zstd(each)));
          const output = decompress(new ChunkedSource(Buffer.concat(compressed), chunkBytes), options);
          expect(String(await collect(isSlow ? slowly(output) : output))).toBe(parts.join(''));
        },
      ),
      { numRuns: 200 },
    );
  });

  it.each([
    ['gzip', GZIP, Buffer.concat([gzip(FIRST), gzip(SECOND)])],
    ['zstd', ZSTD, Buffer.concat([zstd(FIRST), zstd(SECOND)])],
  ])('allows exactly maxBytes out of all of %s', async (_, options, bytes) => {
    const size = whole.length;
    expect(await decompressAll(bytes, { ...options, maxBytes: size })).toBe(whole);
    const failure = decompressAll(bytes, { ...options, maxBytes: size - 1 }, 10);
    await expect(failure).rejects.toThrow(CorruptInputError);
    await expect(failure).rejects.toThrow(
      /expected at most 95 decompressed bytes \(MAX_DECOMPRESSED_BYTES\)/,
    );
    expect(size).toBe(96);
  });

  it('closes the source when the limit is passed', async () => {
    const source = new ChunkedSource(Buffer.concat([gzip(FIRST), gzip(SECOND)]), 20);
    await expect(collect(decompress(source, { ...GZIP, maxBytes: 10 }))).rejects.toThrow(CorruptInputError);
    expect(source.isClosed).toBe(true);
  });

  it.each([
    ['gzip', GZIP, gzip],
    ['zstd', ZSTD, zstd],
  ])(
    'closes a source of %s when the consumer stops, and reads no more of it',
    async (_, options, compress) => {
      const bytes = Buffer.concat(Array.from({ length: 2000 }, () => compress(noise)));
      const source = new ChunkedSource(bytes, 4000);
      for await (const chunk of decompress(source, options)) {
        expect(chunk.length).toBeGreaterThan(0);
        break;
      }
      expect(source.isClosed).toBe(true);
      expect(source.pulledBytes).toBeLessThan(bytes.length / 4);
      const pulledBytes = source.pulledBytes;
      await new Promise(setImmediate);
      expect(source.pulledBytes).toBe(pulledBytes);
    },
  );

  it.each([
    ['before the first byte', 0],
    ['within a member', 20],
    ['between two members', member.length],
    ['after the last byte', 2 * member.length],
  ])('passes on an error of the source %s as it is', async (_, good) => {
    const error = new StoreUnavailableError('s3://in/a.gz: got 503; try again later');
    const bytes = Buffer.concat([member, member]).subarray(0, good);
    async function* failing() {
      yield* new ChunkedSource(bytes, 10);
      throw error;
    }
    await expect(collect(decompress(failing(), GZIP))).rejects.toBe(error);
  });

  it('C13 inflates a megabyte to a gigabyte of zeros in bounded memory', async () => {
    const part = gzip(zeros(64 * MIB));
    const bomb = Buffer.concat(Array.from({ length: 16 }, () => part));
    expect(bomb.length).toBeLessThan(1.1 * MIB);
    const before = process.memoryUsage().rss;
    let growth = 0;
    let total = 0;
    for await (const chunk of decompress(new ChunkedSource(bomb, 64 * 1024), GZIP)) {
      total += chunk.length;
      growth = Math.max(growth, process.memoryUsage().rss - before);
    }
    expect(total).toBe(1024 * MIB);
    expect(growth).toBeLessThan(300 * MIB);
  });

  it('C13 stops a bomb soon after maxBytes', async () => {
    const bomb = new ChunkedSource(gzip(zeros(64 * MIB)), 1024);
    let total = 0;
    const drain = async () => {
      for await (const chunk of decompress(bomb, { ...GZIP, maxBytes: 5 * MIB })) total += chunk.length;
    };
    await expect(drain()).rejects.toThrow(CorruptInputError);
    expect(total).toBeLessThanOrEqual(5 * MIB);
    expect(bomb.pulledBytes).toBeLessThan(20 * 1024);
  });
});
