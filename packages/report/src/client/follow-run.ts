interface Change {
  /** Element id to markup, as the server has escaped it. */
  readonly sections: Readonly<Record<string, string>>;
  readonly isLast: boolean;
}

/** Keeps a page of a run that goes on up to date, until the run ends or its process does. */
export function followRun(onChange: () => void): void {
  const main = document.querySelector<HTMLElement>('main[data-events]');
  if (main === null) return;
  const events = new EventSource(main.dataset.events as string);
  events.addEventListener('message', ({ data }) => {
    const { sections, isLast } = JSON.parse(data as string) as Change;
    for (const [id, markup] of Object.entries(sections)) replaceSection(id, markup);
    if ('urls' in sections) onChange();
    if (isLast) events.close();
  });
  events.addEventListener('error', () => {
    events.close();
    const badge = document.querySelector('#verdict .badge');
    if (badge !== null) badge.textContent = 'Connection lost';
  });
}

/** What the reader has opened stays open. */
function replaceSection(id: string, markup: string): void {
  const section = document.getElementById(id);
  if (section === null) return;
  const open = [...section.querySelectorAll('details')].map((details) => details.open);
  section.outerHTML = markup;
  document
    .getElementById(id)
    ?.querySelectorAll('details')
    .forEach((details, at) => {
      details.open = open[at] ?? false;
    });
}
