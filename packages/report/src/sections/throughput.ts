import { drawArea } from '../charts/area';
import { drawChart } from '../charts/chart';
import { createCountAxis } from '../charts/count-axis';
import { createTimeAxis } from '../charts/time-axis';
import { formatBytes, formatDuration, formatRate } from '../format';
import { html, type Markup } from '../html';
import type { Report, Tasks } from '../report';
import { notKnown, numbersBehind, section, table } from './section';

const HEIGHT = 150;
const MAX_ROWS = 64;

/** How fast the input was read, on the same axis as the tasks. */
export function throughputSection({ tasks }: Report): Markup {
  const title = 'Throughput';
  const { bytes = [], binMs = 1 } = tasks?.throughput ?? {};
  if (tasks === null || bytes.length === 0) {
    return section('throughput', title, null, notKnown('No times of reading were recorded.'));
  }
  const most = Math.max(...bytes);
  const lede = `Input bytes as stored, in steps of ${formatDuration(binMs)}; at most ${formatRate(most, binMs)}.`;
  return section(
    'throughput',
    title,
    lede,
    html`${draw(tasks, most)}${numbersBehind('Show the numbers', numbers(tasks))}`,
  );
}

function draw({ throughput: { binMs, bytes }, elapsedMs }: Tasks, most: number): Markup {
  const time = createTimeAxis(elapsedMs);
  const rate = createCountAxis((most * 1000) / binMs, HEIGHT, (value) =>
    value === 0 ? '0' : formatBytes(value),
  );
  const steps = bytes.map((inBin, bin) => ({
    x: time.toX(bin * binMs),
    y: rate.toY((inBin * 1000) / binMs),
  }));
  const end = { x: time.toX(bytes.length * binMs), y: 0 };
  return drawChart({
    description: `Input bytes read per second over time, at most ${formatRate(most, binMs)}.`,
    height: HEIGHT,
    yTicks: rate.ticks,
    xTicks: time.ticks,
    xTitle: 'since the start of the process; bytes per second',
    marks: drawArea([...steps, end], HEIGHT, 'steps'),
  });
}

function numbers({ throughput: { binMs, bytes } }: Tasks): Markup {
  const together = Math.ceil(bytes.length / MAX_ROWS);
  const rows = Array.from({ length: Math.ceil(bytes.length / together) }, (_, at) => {
    const read = bytes.slice(at * together, (at + 1) * together).reduce((sum, inBin) => sum + inBin, 0);
    return [formatDuration(at * together * binMs), formatBytes(read), formatRate(read, together * binMs)];
  });
  return table(
    'Input bytes read over time',
    [{ head: 'From' }, { head: 'Read', kind: 'number' }, { head: 'Rate', kind: 'number' }],
    rows,
  );
}
