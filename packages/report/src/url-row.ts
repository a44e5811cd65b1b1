import { drawBar } from './charts/bar';
import { formatCount, formatShare } from './format';
import { html, type Markup } from './html';
import { visibleText } from './visible-text';

/** As it is in the page's data: the URL or its beginning, its count, and its length if that is longer. */
export type UrlEntry = readonly [url: string, count: number, length?: number];

/** A row of the URL table: the same from the program that makes the page and from the script in it. */
export function urlRow([url, count, length]: UrlEntry, rank: number, total: number, most: number): Markup {
  const cut =
    length !== undefined && html` <span class="note">… ${formatCount(length)} characters in all</span>`;
  return html`<tr><td class="number rank">${formatCount(rank)}</td><td class="url">${visibleText(url)}${cut}</td><td class="level">${drawBar(count / most)}</td><td class="number">${formatCount(count)}</td><td class="number share">${formatShare(count / total)}</td></tr>\n`;
}

/** Rows on one page of the table. */
export const URLS_A_PAGE = 25;
