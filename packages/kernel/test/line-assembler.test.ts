import * as fc from 'fast-check';
import { type Line, LineAssembler } from '../src/line-assembler';
import { cutEvery } from './count-lines';

const MIB = 1024 * 1024;

type Seen = Omit<Line, 'bytes'> & { readonly text: string };

function assemble(chunks: readonly Uint8Array[], maxLineBytes: number, begin = 0): Seen[] {
  const seen: Seen[] = [];
  const assembler = new LineAssembler(maxLineBytes, ({ bytes, ...line }) =>
    seen.push({ ...line, text: Buffer.from(bytes).toString('latin1') }),
  );
  assembler.begin(begin);
  for (const chunk of chunks) {
    const borrowed = Buffer.from(chunk);
    assembler.push(borrowed);
    borrowed.fill(0);
  }
  assembler.end();
  return seen;
}

/** The definition: split at LF, take the mark off the first line, drop what is behind the last LF if empty. */
function cutNaively(bytes: Buffer, maxLineBytes: number, begin: number): Seen[] {
  const seen: Seen[] = [];
  let offset = begin;
  const texts = bytes.toString('latin1').split('\n');
  for (const [index, raw] of texts.entries()) {
    const text = offset === 0 ? raw.replace(/^\xef\xbb\xbf/, '') : raw;
    const isLast = index === texts.length - 1;
    if (!isLast || text !== '') {
      seen.push({ offset, length: raw.length, isTooLong: text.length > maxLineBytes, text });
    }
    offset += raw.length + 1;
  }
  return seen;
}

describe('LineAssembler', () => {
  it('gives the same lines wherever the chunks are cut', () => {
    const byte = fc.constantFrom(0x0a, 0x0a, 0x0d, 0x61, 0x62, 0x63, 0xef, 0xbb, 0xbf);
    const file = fc
      .tuple(fc.boolean(), fc.array(byte, { maxLength: 40 }))
      .map(([hasMark, bytes]) => Buffer.from(hasMark ? [0xef, 0xbb, 0xbf, ...bytes] : bytes));
    const sizes = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(
        file,
        sizes,
        fc.integer({ min: 0, max: 12 }),
        fc.constantFrom(0, 1, 1000),
        (bytes, chunkSizes, maxLineBytes, begin) => {
          const chunks: Uint8Array[] = [];
          let at = 0;
          for (const size of chunkSizes) {
            chunks.push(bytes.subarray(at, at + size));
            at = Math.min(at + size, bytes.length);
          }
          chunks.push(bytes.subarray(at));
          expect(assemble(chunks, maxLineBytes, begin)).toEqual(cutNaively(bytes, maxLineBytes, begin));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('keeps the first 800 bytes of a line that is too long, behind a byte order mark', () => {
    const text = Array.from({ length: 2000 }, (_, index) => String.fromCharCode(97 + (index % 26))).join('');
    const bytes = Buffer.from(`\ufeff${text}\nnext`);
    for (const chunkBytes of [1, 7, 799, 800, 803, 804, 1999, 5000]) {
      const [long, next] = assemble(cutEvery(bytes, chunkBytes), 900);
      expect(long).toMatchObject({ offset: 0, length: 2003, isTooLong: true });
      expect(long?.text.slice(0, 800)).toBe(text.slice(0, 800));
      expect(next).toEqual({ offset: 2004, length: 4, isTooLong: false, text: 'next' });
    }
  });

  it('keeps whole a line of exactly the limit behind a byte order mark', () => {
    const text = 'x'.repeat(2000);
    const bytes = Buffer.from(`\ufeff${text}\n`);
    for (const chunkBytes of [1, 800, 2000, 2001, 2002, 2003, 2004]) {
      expect(assemble(cutEvery(bytes, chunkBytes), 2000)).toEqual([
        { offset: 0, length: 2003, isTooLong: false, text },
      ]);
    }
  });

  it('holds at most one line, whatever comes', () => {
    const lines: Pick<Line, 'offset' | 'length' | 'isTooLong'>[] = [];
    const assembler = new LineAssembler(16 * MIB, ({ offset, length, isTooLong }) =>
      lines.push({ offset, length, isTooLong }),
    );
    const chunk = Buffer.alloc(MIB, 'x');
    const before = process.memoryUsage().arrayBuffers;
    let growth = 0;
    assembler.begin(0);
    for (let i = 0; i < 600; i++) {
      assembler.push(chunk);
      growth = Math.max(growth, process.memoryUsage().arrayBuffers - before);
    }
    assembler.push(Buffer.from('\nnext\n'));
    assembler.end();
    expect(lines).toEqual([
      { offset: 0, length: 600 * MIB, isTooLong: true },
      { offset: 600 * MIB + 1, length: 4, isTooLong: false },
    ]);
    // The line at its limit, and once more while its head is taken.
    expect(growth).toBeLessThan(64 * MIB);
  });

  it('forgets at the beginning of a stretch what the one before has left', () => {
    const lines: [number, string][] = [];
    const assembler = new LineAssembler(100, ({ offset, bytes }) =>
      lines.push([offset, Buffer.from(bytes).toString()]),
    );
    assembler.begin(0);
    assembler.push(Buffer.from('left'));
    assembler.begin(50);
    assembler.push(Buffer.from('a\nb'));
    assembler.end();
    assembler.begin(0);
    assembler.end();
    expect(lines).toEqual([
      [50, 'a'],
      [52, 'b'],
    ]);
  });
});
