import { html, type Markup } from '../html';
import { percent } from './chart';

/** A bar in a table cell, of 0 to 1; the number stands beside it, so it is for the eye only. */
export function drawBar(fraction: number, kind = ''): Markup {
  return html`<svg class="bar ${kind}" width="100%" height="6" aria-hidden="true"><rect class="track" width="100%" height="6" rx="3"/><rect class="mark" width="${percent(Math.max(fraction, 0.003))}" height="6" rx="3"/></svg>`;
}

/** Parts of a whole, side by side. */
export function drawParts(parts: readonly { readonly kind: string; readonly share: number }[]): Markup {
  let from = 0;
  const rects = parts
    .filter(({ share }) => share > 0)
    .map(({ kind, share }) => {
      const x = from;
      from += share;
      return html`<rect class="mark ${kind}" x="${percent(x)}" width="${percent(Math.max(share, 0.004))}" height="10"/>`;
    });
  return html`<svg class="parts" width="100%" height="10" aria-hidden="true">${rects}</svg>`;
}
