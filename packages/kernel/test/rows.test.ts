import { CorruptRunError } from '@mapreduce/shared-utils';
import * as fc from 'fast-check';
import { decodeRows, encodeRows, type Row } from '../src/rows';

const row = fc.record({
  bytes: fc.oneof(
    { weight: 20, arbitrary: fc.uint8Array({ maxLength: 20 }) },
    { weight: 1, arbitrary: fc.constantFrom(65_535, 65_536).map((length) => new Uint8Array(length).fill(1)) },
  ),
  count: fc.oneof(
    fc.integer({ min: 1, max: 300 }),
    fc.constantFrom(65_535, 65_536, 2 ** 32),
    fc.maxSafeNat().filter((count) => count > 0),
  ),
});

const decode = (encoded: Uint8Array): Row[] =>
  [...decodeRows(encoded)].map(({ bytes, count }) => ({ bytes: Uint8Array.from(bytes), count }));

describe('rows', () => {
  it('come back as they were', () => {
    fc.assert(fc.property(fc.array(row), (rows) => expect(decode(encodeRows(rows))).toEqual(rows)));
  });

  it('come back from the middle of a larger buffer', () => {
    fc.assert(
      fc.property(fc.array(row), fc.nat({ max: 16 }), (rows, before) => {
        const encoded = encodeRows(rows);
        const buffer = Buffer.concat([Buffer.alloc(before, 0xff), encoded, Buffer.alloc(9, 0xff)]);
        expect(decode(buffer.subarray(before, before + encoded.length))).toEqual(rows);
      }),
    );
  });

  it('are a length and a count of 16 bits each and the bytes, little-endian', () => {
    const encoded = encodeRows([
      { bytes: Buffer.from('ab'), count: 0x0304 },
      { bytes: new Uint8Array(0), count: 1 },
    ]);
    expect(Buffer.from(encoded).toString('hex')).toBe('0200' + '0403' + '6162' + '0000' + '0100');
  });

  it('are four bytes of 0, a length of 32 bits and a count of 64 where 16 are too few', () => {
    const frequent = encodeRows([{ bytes: Buffer.from('ab'), count: 0x1_0203_0405_0607 }]);
    expect(Buffer.from(frequent).toString('hex')).toBe('00000000' + '02000000' + '0706050403020100' + '6162');
    const long = encodeRows([{ bytes: new Uint8Array(65_536), count: 1 }]);
    expect(Buffer.from(long).toString('hex', 0, 16)).toBe('00000000' + '00000100' + '0100000000000000');
  });

  it('are refused when they end within a row', () => {
    const rows = [
      { bytes: Buffer.from('first'), count: 1 },
      { bytes: new Uint8Array(0), count: 2 },
      { bytes: Buffer.from('last'), count: 70_000 },
    ];
    const encoded = encodeRows(rows);
    const boundaries = [0, 9, 13, 33];
    for (let length = 0; length <= encoded.length; length++) {
      const rest = encoded.subarray(0, length);
      if (boundaries.includes(length)) expect(decode(rest)).toHaveLength(boundaries.indexOf(length));
      else expect(() => decode(rest)).toThrow(CorruptRunError);
    }
  });

  it.each([
    ['0', 0n],
    ['2^53', 2n ** 53n],
    ['2^53 and 1, which a double rounds', 2n ** 53n + 1n],
    ['-1 as 64 bits', 2n ** 64n - 1n],
  ])('are refused with a count of %s', (_, count) => {
    const encoded = Buffer.from(
      encodeRows([
        { bytes: Buffer.from('a'), count: 1 },
        { bytes: Buffer.from('b'), count: 70_000 },
      ]),
    );
    encoded.writeBigUInt64LE(count, 5 + 8);
    expect(() => decode(encoded)).toThrow(CorruptRunError);
    expect(() => decode(encoded)).toThrow(/^row at byte 5: expected a count from 1 to 2\^53-1, got /);
  });

  it('are refused with a short count of 0', () => {
    const encoded = Buffer.from(encodeRows([{ bytes: Buffer.from('a'), count: 1 }]));
    encoded.writeUInt16LE(0, 2);
    expect(() => decode(encoded)).toThrow(/^row at byte 0: expected a count from 1 to 2\^53-1, got 0/);
  });

  it('may count to 2^53-1', () => {
    const largest = [{ bytes: Uint8Array.of(0x61), count: Number.MAX_SAFE_INTEGER }];
    expect(decode(encodeRows(largest))).toEqual(largest);
  });

  it('are refused with a length past the end', () => {
    const encoded = Buffer.from(encodeRows([{ bytes: Buffer.from('a'), count: 70_000 }]));
    encoded.writeUInt32LE(0xffff_ffff, 4);
    expect(() => decode(encoded)).toThrow(/^row at byte 0: expected it to end within 17 bytes/);
  });
});
