// Results as Markdown tables, which read well in a terminal too.

import { median, speedup, summarise } from './statistics.mjs';
import { judge } from './targets.mjs';

export function formatMeasurement({ title, files }) {
  const sections = Object.values(files).map((result) => formatFile(result));
  return [`### ${title}`, ...sections].join('\n\n');
}

function formatFile({ file, commit, bytes, notes, load, contestants }) {
  const [work, unit] = notes?.records === undefined ? [bytes, 'MB/s'] : [notes.records, 'million records/s'];
  const [[, first]] = Object.entries(contestants);
  const rows = Object.entries(contestants).map(([name, result]) => {
    if (result.outcome !== 'ok') return [name, result.outcome, '', '', '', '', ''];
    const { median: seconds, min, max } = summarise(result.seconds);
    const against = first.outcome === 'ok' ? speedup(first.seconds, result.seconds) : null;
    return [
      result.version === undefined ? name : `${name} ${result.version}`,
      `${seconds.toFixed(3)} (${min.toFixed(3)} to ${max.toFixed(3)})`,
      formatRate(work / seconds / 1e6),
      result.cpuSeconds === undefined ? '' : median(result.cpuSeconds).toFixed(3),
      against === null
        ? ''
        : `${against.ratio.toFixed(2)} (${against.min.toFixed(2)} to ${against.max.toFixed(2)})`,
      ['mapSeconds', 'mergeSeconds']
        .filter((key) => result[key] !== undefined)
        .map((key) => `${key.replace('Seconds', '')} ${median(result[key]).toFixed(3)}`)
        .join(', '),
      result.peakBytes === undefined ? '' : String(Math.round(result.peakBytes.median / 1e6)),
    ];
  });
  const othersCores = Object.values(contestants).flatMap((result) => result.othersCores ?? []);
  const details = [
    `${Math.round(bytes / 1e6)} MB`,
    ...Object.entries(notes ?? {}).map(([key, value]) => `${key} ${value}`),
    `commit ${commit}`,
    `load ${load.before.toFixed(1)} before, ${load.after.toFixed(1)} after`,
    ...(othersCores.length === 0 ? [] : [`other processes used ${median(othersCores).toFixed(1)} cores`]),
  ];
  return [
    `File ${file} (${details.join('; ')})`,
    '',
    formatTable(
      [
        '',
        'seconds: median (range)',
        unit,
        'CPU seconds',
        'times as long as the first',
        'of which',
        'peak MB',
      ],
      rows,
    ),
  ].join('\n');
}

export function formatTargets(measurements) {
  const figures = (ratios) =>
    Object.entries(ratios)
      .map(([file, ratio]) => `${file} ${ratio.toFixed(2)}`)
      .join(', ');
  const rows = judge(measurements).map(({ what, must, aim, got, byCpu, isMet }) => {
    const met = figures(got) === '' ? 'not measured' : isMet ? 'yes' : '**no**';
    return [what, `${must}×`, `${aim}×`, figures(got), figures(byCpu), met];
  });
  return `### Must reach\n\n${formatTable(['', 'must', 'aim', 'got', 'by CPU seconds', 'met'], rows)}`;
}

function formatRate(rate) {
  return rate < 100 ? rate.toFixed(1) : String(Math.round(rate));
}

function formatTable(head, rows) {
  const widths = head.map((cell, column) =>
    Math.max(3, ...[cell, ...rows.map((row) => row[column])].map((text) => text.length)),
  );
  const format = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  return [
    format(head),
    `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`,
    ...rows.map(format),
  ].join('\n');
}
