import { drawChart, percent } from '../charts/chart';
import { createCountAxis } from '../charts/count-axis';
import { formatBytes, formatCount, formatCountOf, formatShortCount } from '../format';
import { html, type Markup } from '../html';
import type { PartitionSize, Report } from '../report';
import { notKnown, numbersBehind, section, table } from './section';

const HEIGHT = 110;

/** Of the width of a column, left free beside it. */
const GAP = 0.2;

/** How evenly the hash has spread the URLs, and how unevenly the lines fall on them. */
export function partitionsSection({ partitions, configuration }: Report): Markup {
  if (partitions.length === 0) {
    return section('partitions', 'Partitions', null, notKnown('No partition has been reduced.'));
  }
  const places = Math.max(configuration.numBuckets ?? 0, ...partitions.map(({ partition }) => partition + 1));
  const [urls, lines] = [skewOf(partitions, 'unique', places), skewOf(partitions, 'total', places)];
  const empty = places - partitions.length;
  const lede = `${formatCountOf(places, 'partition')}${empty > 0 ? `, ${formatCount(empty)} of them empty` : ''}. The largest has ${times(urls.ratio)} the mean number of URLs and ${times(lines.ratio)} the mean number of lines.`;
  return section(
    'partitions',
    'Partitions',
    lede,
    html`<div class="pair">
<figure><figcaption>URLs</figcaption>${draw(partitions, 'unique', places, urls)}</figure>
<figure><figcaption>Counted lines</figcaption>${draw(partitions, 'total', places, lines)}</figure>
</div>${numbersBehind('Show the numbers', numbers(partitions))}`,
  );
}

type Size = 'unique' | 'total';

interface Skew {
  readonly mean: number;
  readonly largest: number;
  readonly ratio: number;
}

/** Empty partitions count. */
function skewOf(partitions: readonly PartitionSize[], size: Size, places: number): Skew {
  const mean = partitions.reduce((sum, partition) => sum + partition[size], 0) / places;
  const largest = Math.max(...partitions.map((partition) => partition[size]));
  return { mean, largest, ratio: mean === 0 ? 1 : largest / mean };
}

function times(ratio: number): string {
  return `${ratio.toFixed(ratio < 10 ? 2 : 1)} times`;
}

function draw(
  partitions: readonly PartitionSize[],
  size: Size,
  places: number,
  { mean, largest }: Skew,
): Markup {
  const axis = createCountAxis(largest, HEIGHT, formatShortCount);
  const noun = size === 'unique' ? 'URL' : 'counted line';
  const columns = partitions.map((partition) => {
    const height = Math.max(axis.toY(partition[size]) * HEIGHT, 1);
    const x = (partition.partition + GAP / 2) / places;
    return html`<rect class="mark" x="${percent(x)}" width="${percent((1 - GAP) / places)}" y="${(HEIGHT - height).toFixed(1)}" height="${height.toFixed(1)}"><title>Partition ${partition.partition}: ${formatCountOf(partition[size], noun)}</title></rect>`;
  });
  const meanY = (HEIGHT * (1 - axis.toY(mean))).toFixed(1);
  return drawChart({
    description: `${size === 'unique' ? 'URLs' : 'Counted lines'} by partition: ${formatCount(Math.round(mean))} on average, ${formatCount(largest)} in the largest.`,
    height: HEIGHT,
    yTicks: axis.ticks,
    xTicks: [0, places - 1]
      .filter((place, at) => at === 0 || place > 0)
      .map((place) => ({ x: place === 0 ? 0 : 1, label: String(place) })),
    xTitle: 'partition; the line is the mean',
    marks: html`${columns}<line class="mean" x1="0" x2="100%" y1="${meanY}" y2="${meanY}"/>`,
  });
}

function numbers(partitions: readonly PartitionSize[]): Markup {
  return table(
    'Sizes of the partitions',
    ['Partition', 'URLs', 'Counted lines', 'File'].map((head) => ({ head, kind: 'number' as const })),
    partitions.map(({ partition, unique, total, bytes }) => [
      partition,
      formatCount(unique),
      formatCount(total),
      bytes === null ? '–' : formatBytes(bytes),
    ]),
  );
}
