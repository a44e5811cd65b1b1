import { SNIFF_BYTES, sniffCompression } from '@mapreduce/shared-utils';

const bytes = (...values: number[]) => Uint8Array.from(values);

describe('telling the compression of an input', () => {
  it.each([
    ['nothing', bytes(), 'none'],
    ['JSON', Buffer.from('{"url":'), 'none'],
    ['a UTF-8 byte order mark', bytes(0xef, 0xbb, 0xbf, 0x7b), 'none'],
    ['gzip', bytes(0x1f, 0x8b, 0x08), 'gzip'],
    ['zstd', bytes(0x28, 0xb5, 0x2f, 0xfd), 'zstd'],
    ['a skippable zstd frame', bytes(0x5a, 0x2a, 0x4d, 0x18), 'zstd'],
    ['the first kind of a skippable frame', bytes(0x50, 0x2a, 0x4d, 0x18), 'zstd'],
    ['the last kind of a skippable frame', bytes(0x5f, 0x2a, 0x4d, 0x18, 0xff), 'zstd'],
    ['what is below the kinds of skippable frames', bytes(0x4f, 0x2a, 0x4d, 0x18), 'none'],
    ['what is above the kinds of skippable frames', bytes(0x60, 0x2a, 0x4d, 0x18), 'none'],
    ['a skippable frame that is cut', bytes(0x5a, 0x2a, 0x4d), 'none'],
    ['zstd that is cut', bytes(0x28, 0xb5, 0x2f), 'none'],
    ['bzip2 that is cut', Buffer.from('BZ'), 'none'],
    ['white space', Buffer.from(' \t\r\n'), 'none'],
    ['UTF-16 without a byte order mark', bytes(0x7b, 0x00, 0x22, 0x00), 'none'],
    ['a first byte of gzip alone', bytes(0x1f), 'none'],
  ])('takes %s as it is', (_, head, compression) => {
    expect(sniffCompression('s3://in/a', head)).toBe(compression);
  });

  it.each([
    ['xz', bytes(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00)],
    ['bzip2', Buffer.from('BZh9')],
    ['zip', Buffer.from('PK\u0003\u0004')],
    ['7z', bytes(0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c)],
    ['lz4', bytes(0x04, 0x22, 0x4d, 0x18)],
    ['framed snappy', bytes(0xff, 0x06, 0x00, 0x00, 0x73, 0x4e, 0x61, 0x50)],
    ['compress (.Z)', bytes(0x1f, 0x9d)],
    ['Avro', Buffer.from('Obj\u0001')],
    ['ORC', Buffer.from('ORC')],
    ['Parquet', Buffer.from('PAR1')],
    ['UTF-16 text', bytes(0xff, 0xfe)],
    ['UTF-16 text', bytes(0xfe, 0xff)],
  ])('refuses %s by name', (what, head) => {
    expect(() => sniffCompression('s3://in/a', head)).toThrow(
      expect.objectContaining({
        name: 'UnsupportedInputError',
        message: `s3://in/a: expected JSONL in UTF-8, plain or in gzip or zstd, got ${what}; convert it first`,
      }),
    );
    // As many bytes as the planner reads are enough.
    expect(head.length).toBeLessThanOrEqual(SNIFF_BYTES);
  });

  it('refuses nothing that can begin a line of JSON', () => {
    for (const first of ' \t\r\n{}[]"-0123456789tfn') {
      for (const second of ' {}[]"\\:,-.09eEtruefalsn\u0000') {
        expect(sniffCompression('s3://in/a', Buffer.from(`${first}${second}abcdef`))).toBe('none');
      }
    }
  });
});
