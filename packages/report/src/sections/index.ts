import type { Markup } from '../html';
import type { Report } from '../report';
import { concentrationSection } from './concentration';
import { configurationSection } from './configuration';
import { costSection } from './cost';
import { ledgerSection } from './ledger';
import { partitionsSection } from './partitions';
import { rejectsSection } from './rejects';
import { throughputSection } from './throughput';
import { timelineSection } from './timeline';
import { urlsSection } from './urls';
import { verdictSection } from './verdict';

interface Section {
  readonly markup: Markup;
  /** In the navigation. */
  readonly link: string | null;
}

type Draw = (report: Report) => Markup | null;

const SECTIONS: readonly (readonly [id: string, link: string | null, draw: Draw])[] = [
  ['verdict', null, verdictSection],
  ['ledger', 'Ledger', ledgerSection],
  ['urls', 'URLs', urlsSection],
  ['concentration', 'Concentration', concentrationSection],
  ['tasks', 'Tasks', timelineSection],
  ['throughput', 'Throughput', throughputSection],
  ['partitions', 'Partitions', partitionsSection],
  ['rejects', 'Bad lines', rejectsSection],
  ['cost', 'Cost', costSection],
  ['configuration', 'Configuration', configurationSection],
];

/** The parts of the page by the ids of their elements, in order. */
export function renderSections(report: Report): ReadonlyMap<string, Section> {
  const drawn = SECTIONS.map(([id, link, draw]) => ({ id, link, markup: draw(report) }));
  return new Map(drawn.flatMap(({ id, link, markup }) => (markup === null ? [] : [[id, { markup, link }]])));
}
