import fc from 'fast-check';
import { html, jsonForScript, raw } from '../src/html';

const unescaped = (text: string) =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&#96;', '`')
    .replaceAll('&amp;', '&');

describe('markup', () => {
  it('escapes every value, so that none can begin a tag, end an attribute or be another text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const text = html`${value}`.toString();
        expect(text).not.toMatch(/[<>"'`]/);
        expect(unescaped(text)).toBe(value);
      }),
    );
  });

  it('takes markup as it is, joins lists, and has nothing for what is not there', () => {
    const items = ['<', 1].map((item) => html`<li>${item}</li>`);
    expect(html`<ul>${items}</ul>${false}${null}${undefined}${raw('<hr>')}`.toString()).toBe(
      '<ul><li>&lt;</li><li>1</li></ul><hr>',
    );
  });
});

describe('JSON in a script element', () => {
  it('is the value, and cannot end the element or begin a comment', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = jsonForScript(value).toString();
        expect(text).not.toMatch(/[<>&\u2028\u2029]/);
        expect(JSON.stringify(JSON.parse(text))).toBe(JSON.stringify(value));
      }),
    );
    expect(jsonForScript(['</script><!--']).toString()).toBe('["\\u003c/script\\u003e\\u003c!--"]');
  });
});
