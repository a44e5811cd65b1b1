import * as fc from 'fast-check';
import { compareAsBytes, compareBytes, concatBytes, decodeWtf8, encodeWtf8 } from '../../src';

/** Any string that JSON can hold; half of its code units are surrogates, most of them alone. */
const anyString = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd7f0, max: 0xe010 })))
  .map((units) => String.fromCharCode(...units));

function codePointsOf(text: string): number[] {
  return Array.from(text, (char) => char.codePointAt(0) as number);
}

function compareCodePoints(a: string, b: string): number {
  const [left, right] = [codePointsOf(a), codePointsOf(b)];
  const at = left.findIndex((code, index) => code !== right[index]);
  if (at === -1) return left.length - right.length;
  return (left[at] as number) - (right[at] ?? -1);
}

describe('WTF-8', () => {
  it.each([
    { what: 'ASCII', text: 'a', hex: '61' },
    { what: 'NUL', text: '\0', hex: '00' },
    { what: 'two bytes', text: 'é', hex: 'c3a9' },
    { what: 'the last before the surrogates', text: '\ud7ff', hex: 'ed9fbf' },
    { what: 'the first lone surrogate', text: '\ud800', hex: 'eda080' },
    { what: 'the last lone surrogate', text: '\udfff', hex: 'edbfbf' },
    { what: 'the first after the surrogates', text: '\ue000', hex: 'ee8080' },
    { what: 'the replacement character', text: '\ufffd', hex: 'efbfbd' },
    { what: 'a byte order mark', text: '\ufeff', hex: 'efbbbf' },
    { what: 'a pair', text: '😀', hex: 'f09f9880' },
    { what: 'a pair the wrong way round', text: '\udc00\ud800', hex: 'edb080eda080' },
    { what: 'a lone surrogate before a pair', text: '\ud83d😀', hex: 'eda0bdf09f9880' },
  ])('writes $what as $hex and reads it back', ({ text, hex }) => {
    expect(Buffer.from(encodeWtf8(text)).toString('hex')).toBe(hex);
    expect(decodeWtf8(Buffer.from(hex, 'hex'))).toBe(text);
  });

  it('gives every string back', () => {
    fc.assert(
      fc.property(anyString, (text) => {
        expect(decodeWtf8(encodeWtf8(text))).toBe(text);
      }),
    );
  });

  it('is UTF-8 for every string without lone surrogates', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(Buffer.compare(encodeWtf8(text), Buffer.from(text))).toBe(0);
      }),
    );
  });

  it('keeps different strings different', () => {
    fc.assert(
      fc.property(anyString, anyString, (a, b) => {
        expect(compareBytes(encodeWtf8(a), encodeWtf8(b)) === 0).toBe(a === b);
      }),
    );
  });

  it('orders texts as their bytes, alike up to any place', () => {
    fc.assert(
      fc.property(anyString, anyString, anyString, (alike, a, b) => {
        expect(Math.sign(compareAsBytes(alike + a, alike + b))).toBe(
          Math.sign(compareBytes(encodeWtf8(alike + a), encodeWtf8(alike + b))),
        );
      }),
    );
  });

  it('orders bytes as code points, lone surrogates too', () => {
    fc.assert(
      fc.property(anyString, anyString, (a, b) => {
        expect(Math.sign(compareBytes(encodeWtf8(a), encodeWtf8(b)))).toBe(
          Math.sign(compareCodePoints(a, b)),
        );
      }),
    );
  });

  it.each([
    { what: 'a byte that begins nothing', hex: 'ff' },
    { what: 'a cut sequence', hex: 'c3' },
    { what: 'an overlong form', hex: 'c080' },
  ])('refuses $what', ({ hex }) => {
    expect(() => decodeWtf8(Buffer.from(hex, 'hex'))).toThrow('not valid');
  });
});

describe('bytes', () => {
  it('compare as Buffer.compare does', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b));
      }),
    );
  });

  it('join as Buffer.concat does', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array()), (pieces) => {
        expect(Buffer.compare(concatBytes(pieces), Buffer.concat(pieces))).toBe(0);
      }),
    );
  });
});
