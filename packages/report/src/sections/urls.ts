import { formatCount, formatCountOf } from '../format';
import { html, jsonForScript, type Markup } from '../html';
import type { Report, ReportedUrl } from '../report';
import { URLS_A_PAGE, type UrlEntry, urlRow } from '../url-row';
import { notKnown, section } from './section';

/** The page stays this small however long the URLs are. */
const MAX_DATA_LENGTH = 120_000;

/** Top URLs with their counts and shares: the first ones in the page, more of them as data for its script. */
export function urlsSection({ urls, counts }: Report): Markup {
  if (urls === null || counts === null) {
    return section('urls', 'Top URLs', null, notKnown('Counted when all partitions are reduced.'));
  }
  if (urls.length === 0) return section('urls', 'Top URLs', null, notKnown('The input has no URL.'));
  const entries = fitting(urls.map(toEntry));
  const most = urls[0]?.count ?? 1;
  const shown = entries.slice(0, URLS_A_PAGE);
  const lede =
    entries.length < counts.unique
      ? html`The ${formatCount(entries.length)} most frequent of ${formatCountOf(counts.unique, 'URL')}; <code>mapreduce top</code> lists the others.`
      : html`All ${formatCountOf(counts.unique, 'URL')}, the most frequent first.`;
  return section(
    'urls',
    'Top URLs',
    lede,
    html`<div class="tools" hidden><label for="search">Search</label><input id="search" type="search" autocomplete="off" spellcheck="false" placeholder="part of a URL"><p id="found" role="status"></p></div>
<div class="scroll" tabindex="0" role="group" aria-label="URLs by count"><table class="urls" data-total="${counts.total}" data-most="${most}">
<caption class="unseen">URLs by count</caption>
<thead><tr><th scope="col" class="number rank">#</th>${head('url', 'URL')}<td class="level"></td>${head('count', 'Count', 'descending')}<th scope="col" class="number share">Share</th></tr></thead>
<tbody>
${shown.map((entry, at) => urlRow(entry, at + 1, counts.total, most))}</tbody>
</table></div>
<div class="pager" hidden><button type="button" id="previous">Previous</button><span id="range"></span><button type="button" id="next">Next</button></div>
<script type="application/json" id="url-data">${jsonForScript(entries)}</script>`,
  );
}

/** A button where there is a script. */
function head(
  key: 'url' | 'count',
  name: string,
  sort: 'ascending' | 'descending' | 'none' = 'none',
): Markup {
  return html`<th scope="col" class="${key === 'count' ? 'number' : 'text'}" aria-sort="${sort}"><button type="button" class="sort" data-key="${key}">${name}</button></th>`;
}

function toEntry({ url, count, length }: ReportedUrl): UrlEntry {
  return length > url.length ? [url, count, length] : [url, count];
}

function fitting(entries: readonly UrlEntry[]): UrlEntry[] {
  let length = 0;
  const end = entries.findIndex((entry) => {
    length += jsonForScript(entry).toString().length + 1;
    return length > MAX_DATA_LENGTH;
  });
  return entries.slice(0, end === -1 ? entries.length : Math.max(end, 1));
}
