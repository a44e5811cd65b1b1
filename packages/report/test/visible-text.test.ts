import fc from 'fast-check';
import { plainVisibleText, visibleText } from '../src/visible-text';

describe('visible text', () => {
  it.each([
    ['a control character', 'a\u0007b', 'a\\u{7}b'],
    ['a line feed', 'a\nb', 'a\\u{a}b'],
    ['a right-to-left override', 'a\u202egnp.exe', 'a\\u{202e}gnp.exe'],
    ['an isolate', '\u2066x\u2069', '\\u{2066}x\\u{2069}'],
    ['a zero width space', 'pay\u200bpal', 'pay\\u{200b}pal'],
    ['a soft hyphen', 'a\u00adb', 'a\\u{ad}b'],
    ['a tag character', 'a\u{e0041}b', 'a\\u{e0041}b'],
    ['a lone surrogate', 'a\ud800b', 'a\\u{d800}b'],
    ['a no-break space', 'a\u00a0b', 'a\\u{a0}b'],
    ['a byte order mark', '\ufeffa', '\\u{feff}a'],
    ['a Hangul filler', 'a\u3164b', 'a\\u{3164}b'],
  ])('shows %s', (_, text, shown) => {
    expect(plainVisibleText(text)).toBe(shown);
    expect(visibleText(text).toString()).toContain('<span class="escape">\\u{');
  });

  it('leaves what can be seen as it is, and what it shows has no invisible character', () => {
    expect(plainVisibleText('https://a.example/ünï/日本?q=a b&c=😀')).toBe(
      'https://a.example/ünï/日本?q=a b&c=😀',
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(plainVisibleText(text)).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
        expect(visibleText(text).toString()).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
      }),
    );
  });

  it('tells an escape from the same characters in the text, and says where there is no text', () => {
    expect(visibleText('\\u{202e}').toString()).not.toContain('escape');
    expect(visibleText('').toString()).toContain('<span class="escape">empty</span>');
  });
});
