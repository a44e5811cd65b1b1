import * as fc from 'fast-check';
import { encodeWtf8, HASH_VERSION, murmur3, partitionOf } from '../../src';

/** Computed by another implementation of MurmurHash3 x86 32 with seed 0 (mmh3 of Python). */
const goldenVectors = [
  { what: 'no byte', bytes: '', hash: 0, of32: 0, of1000: 0 },
  { what: 'a zero byte', bytes: '00', hash: 1364076727, of32: 23, of1000: 727 },
  { what: 'one byte', bytes: '61', hash: 1009084850, of32: 18, of1000: 850 },
  { what: 'two bytes', bytes: '6162', hash: 2613040991, of32: 31, of1000: 991 },
  { what: 'three bytes', bytes: '616263', hash: 3017643002, of32: 26, of1000: 2 },
  { what: 'four bytes', bytes: '61626364', hash: 1139631978, of32: 10, of1000: 978 },
  { what: 'five bytes', bytes: '6162636465', hash: 3902511862, of32: 22, of1000: 862 },
  { what: 'four high bytes', bytes: 'ffffffff', hash: 1982413648, of32: 16, of1000: 648 },
  { what: 'three high bytes', bytes: 'fffefd', hash: 3535729372, of32: 28, of1000: 372 },
  { what: 'a lone surrogate', bytes: 'eda080', hash: 3055733070, of32: 14, of1000: 70 },
  {
    what: 'a URL',
    bytes: Buffer.from('https://example.com/').toString('hex'),
    hash: 390789507,
    of32: 3,
    of1000: 507,
  },
  {
    what: 'a URL that is not ASCII',
    bytes: Buffer.from('https://例え.jp/😀').toString('hex'),
    hash: 1354675594,
    of32: 10,
    of1000: 594,
  },
  {
    what: 'every byte',
    bytes: Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString('hex'),
    hash: 3825864278,
    of32: 22,
    of1000: 278,
  },
  { what: 'a thousand bytes', bytes: '78'.repeat(1000), hash: 1897939982, of32: 14, of1000: 982 },
];

describe('the partition hash', () => {
  it.each(goldenVectors)('of $what is $hash', ({ bytes, hash, of32, of1000 }) => {
    const url = Buffer.from(bytes, 'hex');
    expect(murmur3(url)).toBe(hash);
    expect(partitionOf(url, 32)).toBe(of32);
    expect(partitionOf(url, 1000)).toBe(of1000);
  });

  it('is stored under a name that these vectors belong to', () => {
    expect(HASH_VERSION).toBe('murmur3-x86-32');
  });

  it('does not depend on where the bytes stand in their buffer', () => {
    const padded = Buffer.from('--https://example.com/--');
    expect(murmur3(padded.subarray(2, -2))).toBe(390789507);
  });

  it('gives every URL one partition that exists', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 1024 }), (url, partitionCount) => {
        const partition = partitionOf(encodeWtf8(url), partitionCount);
        expect(Number.isInteger(partition) && partition >= 0 && partition < partitionCount).toBe(true);
        expect(partitionOf(encodeWtf8(url), partitionCount)).toBe(partition);
      }),
    );
  });

  it('spreads URLs that differ in a number over all partitions alike', () => {
    const sizes = new Array<number>(32).fill(0);
    for (let i = 0; i < 32_000; i++) {
      const partition = partitionOf(encodeWtf8(`https://example.com/item/${i}`), 32);
      sizes[partition] = (sizes[partition] ?? 0) + 1;
    }
    expect(Math.min(...sizes)).toBeGreaterThan(850);
    expect(Math.max(...sizes)).toBeLessThan(1150);
  });
});
