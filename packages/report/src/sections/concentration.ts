import { scaleLog } from 'd3-scale';
import { drawArea } from '../charts/area';
import { drawChart, percent } from '../charts/chart';
import type { Concentration } from '../count-histogram';
import { formatCount, formatCountOf, formatShare, formatShortCount } from '../format';
import { html, type Markup } from '../html';
import type { Report } from '../report';
import { notKnown, numbersBehind, section, table } from './section';

const HEIGHT = 180;
const PERCENTS = [0, 25, 50, 75, 100] as const;

/** How few URLs make how much of the traffic. */
export function concentrationSection({ concentration }: Report): Markup {
  if (concentration === null || concentration.total === 0) {
    return section('concentration', 'Concentration', null, notKnown('Known when all URLs are counted.'));
  }
  const { concentrated, unique, once } = concentration;
  const half = concentrated[0]?.urls ?? 0;
  const lede = `${formatCountOf(half, 'URL')}, ${formatShare(half / unique)} of all, ${half === 1 ? 'has' : 'have'} half of the counted lines. ${formatCountOf(once, 'URL')} ${once === 1 ? 'was' : 'were'} counted once.`;
  const rows = concentrated.map(({ percent: share, urls }) => [
    `${share} %`,
    formatCount(urls),
    formatShare(urls / unique),
  ]);
  return section(
    'concentration',
    'Concentration',
    lede,
    html`${draw(concentration)}${numbersBehind(
      'Show the numbers',
      table(
        'URLs that make a share of the counted lines',
        [
          { head: 'Share of lines' },
          { head: 'URLs needed', kind: 'number' },
          { head: 'Share of URLs', kind: 'number' },
        ],
        rows,
      ),
    )}`,
  );
}

function draw({ unique, total, concentrated, curve }: Concentration): Markup {
  const scale = scaleLog([1, Math.max(unique, 2)], [0, 1]);
  const points = curve.map(({ urls, lines }) => ({ x: scale(urls), y: lines / total }));
  const stops = concentrated.slice(0, 3).map(({ percent: share, urls }) => {
    const at = scale(urls);
    const label =
      share === 50 &&
      html`<text x="${percent(at)}" dx="${at < 0.5 ? 10 : -10}" y="${HEIGHT * (1 - share / 100)}" dy="${at < 0.5 ? 16 : -8}" text-anchor="${at < 0.5 ? 'start' : 'end'}">half: ${formatCountOf(urls, 'URL')}</text>`;
    const [x, y] = [percent(at), HEIGHT * (1 - share / 100)];
    return html`<g class="stop"><title>${formatCountOf(urls, 'URL')} ${urls === 1 ? 'makes' : 'make'} ${share} %</title><line x1="${x}" x2="${x}" y1="${y}" y2="${HEIGHT}"/><circle cx="${x}" cy="${y}" r="4"/>${label}</g>`;
  });
  return drawChart({
    description: `Share of counted lines by number of most frequent URLs: ${concentrated.map(({ percent: share, urls }) => `${formatCount(urls)} make ${share} percent`).join(', ')}.`,
    height: HEIGHT,
    yTicks: PERCENTS.map((share) => ({ y: HEIGHT * (1 - share / 100), label: `${share} %` })),
    xTicks: powersOfTen(unique).map((urls) => ({ x: scale(urls), label: formatShortCount(urls) })),
    xTitle: 'most frequent URLs, logarithmic',
    marks: [drawArea(points, HEIGHT, 'line'), ...stops],
  });
}

function powersOfTen(upTo: number): number[] {
  return Array.from({ length: Math.floor(Math.log10(Math.max(upTo, 1))) + 1 }, (_, power) => 10 ** power);
}
