import { formatCount } from '../format';
import { URLS_A_PAGE, type UrlEntry, urlRow } from '../url-row';
import { plainVisibleText } from '../visible-text';

interface Row {
  readonly entry: UrlEntry;
  readonly rank: number;
  readonly text: string;
}

type SortKey = 'count' | 'url';

/** Search, order and pages of the URL table; without it the table has its first page. */
export function startUrlTable(): void {
  const data = document.getElementById('url-data');
  const table = document.querySelector<HTMLTableElement>('table.urls');
  if (data === null || table === null) return;
  const rows = (JSON.parse(data.textContent ?? '[]') as UrlEntry[]).map((entry, at) => ({
    entry,
    rank: at + 1,
    text: plainVisibleText(entry[0]).toLowerCase(),
  }));
  new UrlTable(table, rows).start();
}

class UrlTable {
  readonly #table: HTMLTableElement;
  readonly #rows: readonly Row[];
  #found: readonly Row[];
  #first = 0;
  #key: SortKey = 'count';
  #isAscending = false;

  constructor(table: HTMLTableElement, rows: readonly Row[]) {
    this.#table = table;
    this.#rows = rows;
    this.#found = rows;
  }

  start(): void {
    const search = element<HTMLInputElement>('search');
    search.addEventListener('input', () => this.#search(search.value));
    for (const button of this.#sortButtons()) {
      button.addEventListener('click', () => this.#sortBy(button.dataset.key as SortKey));
    }
    element('previous').addEventListener('click', () => this.#turn(-URLS_A_PAGE));
    element('next').addEventListener('click', () => this.#turn(URLS_A_PAGE));
    for (const hidden of document.querySelectorAll<HTMLElement>('.tools, .pager')) hidden.hidden = false;
    this.#show();
  }

  #search(text: string): void {
    const wanted = text.toLowerCase();
    this.#found = this.#sorted(this.#rows.filter((row) => row.text.includes(wanted)));
    this.#first = 0;
    this.#show();
  }

  #sortBy(key: SortKey): void {
    this.#isAscending = key === this.#key ? !this.#isAscending : key === 'url';
    this.#key = key;
    this.#found = this.#sorted(this.#found);
    this.#first = 0;
    this.#show();
  }

  #sorted(rows: readonly Row[]): Row[] {
    const sign = this.#isAscending ? 1 : -1;
    const compare =
      this.#key === 'count'
        ? (a: Row, b: Row) => sign * (b.rank - a.rank)
        : (a: Row, b: Row) => (a.text < b.text ? -sign : a.text > b.text ? sign : 0);
    return [...rows].sort(compare);
  }

  #turn(by: number): void {
    this.#first = Math.max(0, Math.min(this.#first + by, this.#found.length - 1));
    this.#show();
  }

  #show(): void {
    const { total, most } = this.#table.dataset;
    const end = Math.min(this.#first + URLS_A_PAGE, this.#found.length);
    const shown = this.#found.slice(this.#first, end);
    const body = this.#table.tBodies[0] as HTMLTableSectionElement;
    // The same function that made the page escapes what it is given.
    body.innerHTML = shown
      .map(({ entry, rank }) => urlRow(entry, rank, Number(total), Number(most)))
      .join('');
    for (const button of this.#sortButtons()) {
      const order = this.#isAscending ? 'ascending' : 'descending';
      button.closest('th')?.setAttribute('aria-sort', button.dataset.key === this.#key ? order : 'none');
    }
    const isAll = this.#found.length === this.#rows.length;
    element('found').textContent = isAll
      ? ''
      : `${formatCount(this.#found.length)} of ${formatCount(this.#rows.length)} found`;
    element('range').textContent =
      shown.length === 0
        ? 'None'
        : `${formatCount(this.#first + 1)} to ${formatCount(end)} of ${formatCount(this.#found.length)}`;
    element<HTMLButtonElement>('previous').disabled = this.#first === 0;
    element<HTMLButtonElement>('next').disabled = end >= this.#found.length;
  }

  #sortButtons(): HTMLButtonElement[] {
    return [...this.#table.querySelectorAll<HTMLButtonElement>('button.sort')];
  }
}

function element<Kind extends HTMLElement>(id: string): Kind {
  return document.getElementById(id) as Kind;
}
