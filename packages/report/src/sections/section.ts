import { html, type Markup } from '../html';

/** A landmark with a heading of its own; its id is also where the navigation leads. */
export function section(
  id: string,
  title: string,
  lede: Markup | string | null,
  content: Markup | readonly Markup[],
): Markup {
  return html`<section id="${id}" aria-labelledby="${id}-title" class="card">
<h2 id="${id}-title">${title}</h2>
${lede !== null && html`<p class="lede">${lede}</p>`}
${content}
</section>`;
}

/** Instead of what is not known. */
export function notKnown(why: string): Markup {
  return html`<p class="unknown">${why}</p>`;
}

export interface Column {
  readonly head: string;
  /** Numbers stand to the right, so that their digits are below each other. */
  readonly kind?: 'number' | 'text';
}

type Cell = Markup | string | number;

/** In a box of its own, which scrolls where the page is too narrow for it. */
export function table(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
): Markup {
  return html`<div class="scroll" tabindex="0" role="group" aria-label="${caption}"><table>
<caption class="unseen">${caption}</caption>
<thead><tr>${columns.map(({ head, kind }) => html`<th scope="col" class="${kind ?? 'text'}">${head}</th>`)}</tr></thead>
<tbody>
${rows.map((cells) => html`<tr>${cells.map((cell, at) => html`<td class="${columns[at]?.kind ?? 'text'}">${cell}</td>`)}</tr>\n`)}</tbody>
</table></div>`;
}

/** The numbers behind a chart. */
export function numbersBehind(summary: string, content: Markup): Markup {
  return html`<details><summary>${summary}</summary>${content}</details>`;
}
