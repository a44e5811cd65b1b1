import { html, type Markup } from './html';

/**
 * What the eye would miss or be fooled by: controls, formats (bidirectional overrides, zero widths, tags), lone
 * surrogates, private and unassigned code points, and every space but the plain one.
 */
const INVISIBLE =
  /[\p{C}\p{Zl}\p{Zp}\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\u115f\u1160\u3164\uffa0\u2800]/u;

/** So that many of them in a row are one element. */
const INVISIBLES = new RegExp(`(${INVISIBLE.source}+)`, 'u');

/**
 * Untrusted text that cannot play tricks: never a link, its direction kept to itself, and what cannot be seen
 * shown as `\u{…}` in a mark of its own, so that it is not taken for those characters themselves.
 */
export function visibleText(text: string): Markup {
  if (text === '') return html`<bdi class="text" dir="ltr"><span class="escape">empty</span></bdi>`;
  const parts = text
    .split(INVISIBLES)
    .map((part, at) => (at % 2 === 0 ? part : html`<span class="escape">${escapeAll(part)}</span>`));
  return html`<bdi class="text" dir="ltr">${parts}</bdi>`;
}

/** The same for where there are no elements, as in a title. */
export function plainVisibleText(text: string): string {
  return text
    .split(INVISIBLES)
    .map((part, at) => (at % 2 === 0 ? part : escapeAll(part)))
    .join('');
}

function escapeAll(text: string): string {
  return [...text].map((char) => `\\u{${char.codePointAt(0)?.toString(16)}}`).join('');
}
