import type { ByteRange } from '@mapreduce/shared-utils';
import * as fc from 'fast-check';
import { ownedLines } from '../src/owned-lines';
import { MIB } from './byte-sources';

const LF = 0x0a;

const SMALL_FILES: readonly (readonly [what: string, content: string])[] = [
  ['an empty file', ''],
  ['one byte', 'a'],
  ['one newline', '\n'],
  ['two newlines', '\n\n'],
  ['only newlines', '\n\n\n\n\n\n\n'],
  ['no newline', 'abcdefgh'],
  ['no newline in 24 bytes', 'abcdefghijklmnopqrstuvwx'],
  ['a newline at the end', 'abc\n'],
  ['a newline at the start', '\nabc'],
  ['newlines at both ends', '\nabc\n'],
  ['a last line without newline', 'ab\ncd'],
  ['lines of one byte', 'a\nb\nc\nd\n'],
  ['lines of two bytes', 'aa\nbb\ncc\ndd'],
  ['growing lines', 'a\nbb\nccc\ndddd\n'],
  ['shrinking lines', 'aaaa\nbbb\ncc\nd'],
  ['blank lines between', 'a\n\nb\n\n\nc'],
  ['blank lines at the end', 'ab\n\n\n\n'],
  ['CRLF', 'a\r\nb\r\n\r\nc\r\n'],
  ['CRLF without the last', 'ab\r\ncd'],
  ['lone CR', 'a\rb\rc\n'],
  ['LF before CR', 'a\n\rb\n\r'],
  ['a byte order mark', '\ufeffab\ncd\n'],
  ['a byte order mark alone', '\ufeff'],
  ['a byte order mark on a later line', 'a\n\ufeffb\n'],
  ['two-byte characters', 'éé\né\n'],
  ['three-byte characters', '€\n€€\n'],
  ['four-byte characters', '😀\n😀😀\n'],
  ['U+2028 and U+0085, which end no line', '\u2028a\u0085\nb'],
  ['a long line between short ones', 'a\nbbbbbbbbbbbbbbbbbbbbbbbbbbbb\nc\n'],
  ['a long line at the start', 'aaaaaaaaaaaaaaaaaaaaaaaa\nb\n'],
  ['a long last line', 'a\nb\ncccccccccccccccccccccccc'],
  ['two records', '{"url":"a"}\n{"url":"b"}\n'],
  ['NUL', '\0\n\0\0\n\0'],
];

/** What reads of an object of `size` bytes were asked for; chunks are taken from a function of offsets. */
class RecordedReads {
  readonly ranges: ByteRange[] = [];
  bytes = 0;
  open = 0;

  constructor(
    readonly size: number,
    readonly chunkBytes: number,
    readonly chunkAt: (start: number, end: number) => Uint8Array,
  ) {}

  readonly read = async function* (this: RecordedReads, { start, end }: ByteRange) {
    if (!(0 <= start && start <= end && end <= this.size)) {
      throw new RangeError(`[${start}, ${end}) of ${this.size} bytes`);
    }
    this.ranges.push({ start, end });
    this.open++;
    try {
      for (let at = start; at < end; at += this.chunkBytes) {
        const chunk = this.chunkAt(at, Math.min(at + this.chunkBytes, end));
        this.bytes += chunk.length;
        yield chunk;
      }
    } finally {
      this.open--;
    }
  }.bind(this);
}

/** Where the lines are that begin in `[start, end)`, or what is wrong with them. */
async function readRange(
  file: Buffer,
  { start, end }: ByteRange,
  chunkBytes: number,
): Promise<ByteRange | string | null> {
  const reads = new RecordedReads(file.length, chunkBytes, (from, to) => file.subarray(from, to));
  let owned = null as ByteRange | null;
  for await (const { offset, bytes } of ownedLines(reads.read, { start, end, size: file.length })) {
    owned ??= { start: offset, end: offset };
    const isInPlace = offset === owned.end && file.subarray(offset, offset + bytes.length).equals(bytes);
    if (!isInPlace || bytes.length === 0) return `${bytes.length} wrong bytes at ${offset}`;
    owned = { start: owned.start, end: offset + bytes.length };
  }
  return reads.open === 0 ? owned : 'a read was left open';
}

/** The definition, over the whole file: a line belongs where its first byte is. */
function ownNaively(file: Buffer, { start, end }: ByteRange): ByteRange | null {
  let owned = null as ByteRange | null;
  for (let at = 0; at < file.length; ) {
    const lf = file.indexOf(LF, at);
    const lineEnd = lf === -1 ? file.length : lf + 1;
    if (start <= at && at < end) owned = { start: owned?.start ?? at, end: lineEnd };
    at = lineEnd;
  }
  return owned;
}

function tile(size: number, splitBytes: number): ByteRange[] {
  return Array.from({ length: Math.max(Math.ceil(size / splitBytes), 1) }, (_, index) => ({
    start: index * splitBytes,
    end: Math.min((index + 1) * splitBytes, size),
  }));
}

async function failuresOf(file: Buffer, ranges: readonly ByteRange[], chunkBytes: number): Promise<string[]> {
  const failures: string[] = [];
  for (const range of ranges) {
    const actual = JSON.stringify(await readRange(file, range, chunkBytes));
    const expected = JSON.stringify(ownNaively(file, range));
    if (actual !== expected) {
      failures.push(`${JSON.stringify(range)} by ${chunkBytes}: expected ${expected}, got ${actual}`);
    }
  }
  return failures;
}

describe('ownedLines', () => {
  it.each(SMALL_FILES)(
    'B5 gives each line of %s to one split, for all split and chunk sizes',
    async (_, content) => {
      const file = Buffer.from(content);
      const failures: string[] = [];
      for (let splitBytes = 1; splitBytes <= file.length + 1; splitBytes++) {
        for (let chunkBytes = 1; chunkBytes <= file.length + 1; chunkBytes++) {
          failures.push(...(await failuresOf(file, tile(file.length, splitBytes), chunkBytes)));
        }
      }
      expect(failures).toEqual([]);
    },
  );

  it('B5 puts every byte of a file into one split by that definition', () => {
    for (const [, content] of SMALL_FILES) {
      const file = Buffer.from(content);
      for (let splitBytes = 1; splitBytes <= file.length; splitBytes++) {
        const owned = tile(file.length, splitBytes).map((range) => ownNaively(file, range));
        const pieces = owned.map((lines) => file.subarray(lines?.start ?? 0, lines?.end ?? 0));
        expect(Buffer.concat(pieces).equals(file)).toBe(true);
      }
    }
  });

  it('gives each line to one split, wherever the cuts are', async () => {
    const byte = fc.oneof({ weight: 6, arbitrary: fc.constant(0x61) }, fc.constantFrom(LF, 0x0d, 0xf0));
    await fc.assert(
      fc.asyncProperty(
        fc.array(byte, { minLength: 1, maxLength: 600 }).map((bytes) => Buffer.from(bytes)),
        fc.array(fc.nat({ max: 600 }), { maxLength: 8 }),
        fc.integer({ min: 1, max: 300 }),
        async (file, cuts, chunkBytes) => {
          const inside = cuts.filter((cut) => cut <= file.length).sort((a, b) => a - b);
          const bounds = [0, ...inside, file.length];
          // Equal cuts make empty ranges, in which no line begins.
          const ranges = bounds.slice(1).map((end, index) => ({ start: bounds[index] ?? 0, end }));
          expect(await failuresOf(file, ranges, chunkBytes)).toEqual([]);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('C18 gives nothing of an empty range, and reads nothing', async () => {
    const file = Buffer.from('a\nb\n');
    for (let at = 0; at <= file.length; at++) {
      const reads = new RecordedReads(file.length, 1, (from, to) => file.subarray(from, to));
      const pieces = [];
      for await (const piece of ownedLines(reads.read, { start: at, end: at, size: file.length }))
        pieces.push(piece);
      expect([pieces, reads.ranges]).toEqual([[], []]);
    }
  });

  describe('of a huge line', () => {
    const size = 64 * MIB;
    const filler = Buffer.alloc(MIB, 'x');
    /** One line, with a newline at each of `newlines`. */
    const lineWith = (...newlines: number[]) =>
      new RecordedReads(size, MIB, (start, end) => {
        const inside = newlines.filter((at) => start <= at && at < end);
        if (inside.length === 0) return filler.subarray(0, end - start);
        const chunk = Buffer.from(filler.subarray(0, end - start));
        for (const at of inside) chunk[at - start] = LF;
        return chunk;
      });
    const drain = async (reads: RecordedReads, range: ByteRange) => {
      let bytes = 0;
      for await (const piece of ownedLines(reads.read, { ...range, size })) bytes += piece.bytes.length;
      expect(reads.open).toBe(0);
      return bytes;
    };

    it('C17 reads only the range itself in a middle split', async () => {
      const reads = lineWith();
      expect(await drain(reads, { start: 10 * MIB, end: 12 * MIB })).toBe(0);
      expect(reads.ranges).toEqual([{ start: 10 * MIB - 1, end: 12 * MIB }]);
    });

    it('stops at once where the next line begins behind the range', async () => {
      const reads = lineWith(12 * MIB - 1);
      expect(await drain(reads, { start: 10 * MIB, end: 12 * MIB })).toBe(0);
      expect(reads.ranges).toHaveLength(1);
    });

    it('reads no further than the range where its last line ends with it', async () => {
      const reads = lineWith(11 * MIB, 12 * MIB - 1);
      expect(await drain(reads, { start: 10 * MIB, end: 12 * MIB })).toBe(MIB - 1);
      expect(reads.ranges).toHaveLength(1);
    });

    it('C19 looks for its end ever further, by 64 KiB and then up to 8 MiB at a time', async () => {
      const reads = lineWith();
      expect(await drain(reads, { start: 0, end: MIB })).toBe(size);
      expect(reads.ranges.slice(0, 4)).toEqual([
        { start: 0, end: MIB },
        { start: MIB, end: MIB + 64 * 1024 },
        { start: MIB + 64 * 1024, end: MIB + 192 * 1024 },
        { start: MIB + 192 * 1024, end: MIB + 448 * 1024 },
      ]);
      const lengths = reads.ranges.map(({ start, end }) => end - start);
      expect(Math.max(...lengths)).toBe(8 * MIB);
      expect(reads.bytes).toBe(size);
    });

    it('reads little further than its end, and that read to the end of its range', async () => {
      const reads = lineWith(12 * MIB + 10);
      expect(await drain(reads, { start: 0, end: 10 * MIB })).toBe(12 * MIB + 11);
      expect(reads.bytes).toBe(reads.ranges.reduce((sum, { start, end }) => sum + end - start, 0));
      expect(reads.bytes).toBeLessThan(15 * MIB);
    });

    it('closes its read when the consumer stops', async () => {
      const reads = lineWith();
      for await (const { bytes } of ownedLines(reads.read, { start: 0, end: size, size })) {
        expect(bytes.length).toBe(MIB);
        break;
      }
      expect(reads.open).toBe(0);
      expect(reads.bytes).toBe(MIB);
    });
  });
});
