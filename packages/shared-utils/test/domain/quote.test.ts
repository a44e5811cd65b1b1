import * as fc from 'fast-check';
import { escapeUnprintable, quote, truncate } from '../../src';

const ESC = String.fromCharCode(0x1b);

describe('escapeUnprintable', () => {
  it.each([
    { what: 'plain text', text: 'https://example.com/é?q=😀', expected: 'https://example.com/é?q=😀' },
    { what: 'a newline and a fake log line', text: 'a\n{"level"', expected: 'a\\u000a{"level"' },
    { what: 'a terminal sequence', text: `${ESC}]0;title\u0007`, expected: '\\u001b]0;title\\u0007' },
    { what: 'a C1 control', text: '\u009b31m', expected: '\\u009b31m' },
    { what: 'a right-to-left override', text: 'a\u202egpj', expected: 'a\\u202egpj' },
    { what: 'a zero width space', text: 'a\u200bb', expected: 'a\\u200bb' },
    { what: 'line separators', text: '\u2028\u2029', expected: '\\u2028\\u2029' },
    { what: 'a byte order mark', text: '\ufeffa', expected: '\\ufeffa' },
    { what: 'lone surrogates', text: '\ud800a\udfff', expected: '\\ud800a\\udfff' },
  ])('leaves nothing to fool a reader in $what', ({ text, expected }) => {
    expect(escapeUnprintable(text)).toBe(expected);
  });

  it('always gives well-formed text without controls', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const escaped = escapeUnprintable(text);
        expect(escaped.isWellFormed()).toBe(true);
        expect(/\p{Cc}/u.test(escaped)).toBe(false);
      }),
    );
  });
});

describe('truncate', () => {
  it.each([
    { what: 'keeps what fits exactly', text: 'abcd', maxLength: 4, expected: 'abcd' },
    { what: 'marks the cut', text: 'abcde', maxLength: 4, expected: 'abc…' },
    { what: 'does not cut a pair', text: 'ab😀d', maxLength: 4, expected: 'ab…' },
    { what: 'keeps a pair that fits', text: 'a😀de', maxLength: 4, expected: 'a😀…' },
    { what: 'cuts all of it', text: 'abc', maxLength: 1, expected: '…' },
  ])('$what', ({ text, maxLength, expected }) => {
    expect(truncate(text, maxLength)).toBe(expected);
  });

  it('is never longer than allowed and never breaks a pair', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 20 }), (text, maxLength) => {
        const cut = truncate(text, maxLength);
        expect(cut.length).toBeLessThanOrEqual(maxLength);
        expect(cut.isWellFormed()).toBe(text.isWellFormed());
      }),
    );
  });
});

describe('quote', () => {
  it('quotes and escapes', () => {
    expect(quote('a "b"\n')).toBe('"a \\"b\\"\\n"');
    expect(quote(`${ESC}[31m`)).toBe('"\\u001b[31m"');
  });

  it('holds 120 characters of a long text', () => {
    expect(quote('x'.repeat(10_000_000))).toBe(`"${'x'.repeat(119)}…"`);
  });
});
