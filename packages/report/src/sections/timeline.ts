import { condenseRows, type TimelineRow } from '@mapreduce/shared-utils';
import { drawChart, percent } from '../charts/chart';
import { endOf, type Lane, toLanes } from '../charts/lanes';
import { createTimeAxis } from '../charts/time-axis';
import { formatBytes, formatCount, formatCountOf, formatDuration, formatRate } from '../format';
import { html, type Markup } from '../html';
import type { Report, RunningTask, Tasks } from '../report';
import { STAGE_NAMES, type StageSummary, summarizeStages, TASK_NOUNS } from '../stage-summary';
import { notKnown, numbersBehind, section, table } from './section';

/** More marks than this say no more. */
const MAX_MARKS = 400;
const MAX_TASKS_LISTED = 200;

/** Narrower than this nothing is seen. */
const MIN_WIDTH = 0.0025;

type Drawn = TimelineRow | RunningTask;

/** Who did what when: a line a worker, a bar a task. */
export function timelineSection({ tasks }: Report): Markup {
  const title = 'Tasks';
  if (tasks === null) {
    return section(
      'tasks',
      title,
      null,
      notKnown('This output has no timeline: only runs on this machine record one.'),
    );
  }
  const stages = summarizeStages(tasks.rows);
  return section(
    'tasks',
    title,
    describe(stages),
    html`${draw(tasks, stages)}${legend(stages)}
${stageTable(stages)}
${numbersBehind('Show every task', taskTable(tasks.rows, stages))}`,
  );
}

function describe(stages: readonly StageSummary[]): string {
  const sum = (field: 'attempts' | 'retries' | 'failures' | 'spills') =>
    stages.reduce((total, stage) => total + stage[field], 0);
  const stragglers = stages.reduce((total, stage) => total + stage.stragglers.size, 0);
  const oddities = [
    sum('failures') > 0 && `${formatCountOf(sum('failures'), 'attempt')} failed`,
    sum('retries') > 0 && formatCountOf(sum('retries'), 'retry', 'retries'),
    stragglers > 0 && formatCountOf(stragglers, 'straggler'),
    sum('spills') > 0 && `${formatCountOf(sum('spills'), 'sorted run')} spilled to the disk`,
  ].filter((oddity) => oddity !== false);
  const found = oddities.length === 0 ? 'No retry, no straggler, nothing spilled' : oddities.join(', ');
  return `${formatCountOf(sum('attempts'), 'task')}. ${found}.`;
}

function draw({ rows, running, elapsedMs }: Tasks, stages: readonly StageSummary[]): Markup {
  const axis = createTimeAxis(elapsedMs);
  const shown = rows.length > MAX_MARKS ? condenseRows(rows, MAX_MARKS) : rows;
  const stragglers = new Set(stages.flatMap(({ stragglers: found }) => [...found]));
  const lanes = toLanes<Drawn>([...shown, ...running], elapsedMs);
  const step = lanes.length <= 8 ? 28 : lanes.length <= 40 ? 14 : 6;
  const barHeight = step === 6 ? 5 : step - 6;
  const marks = lanes.flatMap((lane, at) =>
    lane.rows.map((row) => {
      const from = axis.toX(row.startedMs);
      const width = Math.max(axis.toX(endOf(row, elapsedMs)) - from, MIN_WIDTH);
      const kind = `${kindOf(row)}${'endedMs' in row && stragglers.has(row) ? ' straggler' : ''}`;
      return html`<rect class="task ${row.stage} ${kind}" x="${percent(Math.min(from, 1 - MIN_WIDTH))}" y="${at * step + 3}" width="${percent(width)}" height="${barHeight}"><title>${tooltip(row)}</title></rect>\n`;
    }),
  );
  const height = Math.max(lanes.length, 1) * step + 4;
  const firstMs = Math.min(elapsedMs, ...[...rows, ...running].map(({ startedMs }) => startedMs));
  return drawChart({
    description: `Tasks by worker over time: ${stages.map(({ stage, attempts, startedMs, endedMs }) => `${STAGE_NAMES[stage]}, ${formatCountOf(attempts, 'task')}, from ${formatDuration(startedMs)} to ${formatDuration(endedMs)}`).join('; ')}.`,
    height,
    yTicks: labelsOf(lanes, step),
    xTicks: axis.ticks,
    xTitle: 'since the start of the process',
    marks: [startUp(axis.toX(firstMs), height), ...marks],
    hasGrid: false,
  });
}

/** Before the first task: the program starts, and looks for its input. */
function startUp(width: number, height: number): Markup {
  return html`<rect class="before" x="0" y="0" width="${percent(width)}" height="${height}"><title>Start of the program</title></rect>`;
}

function kindOf(row: Drawn): string {
  if (!('endedMs' in row)) return 'running';
  return [row.failures > 0 && 'failed', row.retries > 0 && 'retry', row.spills > 0 && 'spilled']
    .filter((kind) => kind !== false)
    .join(' ');
}

/** One a worker, as far as there is room. */
function labelsOf(lanes: readonly Lane<Drawn>[], step: number) {
  const everySo = Math.ceil(14 / step);
  return lanes
    .map(({ worker }, at) => ({ worker, y: at * step + 3 + (step - 6) / 2 }))
    .filter(({ worker }, at) => lanes[at - 1]?.worker !== worker)
    .filter((_, at) => at % everySo === 0)
    .map(({ worker, y }) => ({ y, label: `worker ${worker + 1}` }));
}

function nameOf({ stage, number }: Drawn): string {
  const noun = TASK_NOUNS[stage];
  return noun === null ? STAGE_NAMES[stage] : `${STAGE_NAMES[stage]} ${noun} ${number}`;
}

function tooltip(row: Drawn): string {
  if (!('endedMs' in row)) return `${nameOf(row)}, running since ${formatDuration(row.startedMs)}`;
  const more = row.attempts > 1 ? ` and ${formatCount(row.attempts - 1)} more` : '';
  const parts = [
    `${nameOf(row)}${more}: ${formatDuration(row.endedMs - row.startedMs)}, from ${formatDuration(row.startedMs)}`,
    row.bytesRead > 0 && `${formatBytes(row.bytesRead)}, ${formatRate(row.bytesRead, row.busyMs)}`,
    row.retries > 0 && formatCountOf(row.retries, 'retry', 'retries'),
    row.failures > 0 && `${formatCount(row.failures)} failed`,
    row.spills > 0 && `${formatCountOf(row.spills, 'spill')} of ${formatBytes(row.spilledBytes)}`,
  ];
  return parts.filter((part) => part !== false).join('; ');
}

function legend(stages: readonly StageSummary[]): Markup {
  const has = (field: 'retries' | 'failures' | 'spills') => stages.some((stage) => stage[field] > 0);
  const oddities = [
    stages.some(({ stragglers }) => stragglers.size > 0) && ['straggler', 'straggler'],
    has('retries') && ['retry', 'retry'],
    has('failures') && ['failed', 'failed'],
    has('spills') && ['spilled', 'spilled to disk'],
  ].filter((oddity) => oddity !== false);
  return html`<ul class="legend"><li class="before">Start</li>${stages.map(({ stage }) => html`<li class="${stage}">${STAGE_NAMES[stage]}</li>`)}${oddities.map(([kind, name]) => html`<li class="${kind}">${name}</li>`)}</ul>`;
}

function stageTable(stages: readonly StageSummary[]): Markup {
  const columns = ['Tasks', 'Span', 'Work', 'Median', 'Longest', 'Read', 'Retries', 'Spills'];
  const rows = stages.map((stage) => [
    html`<span class="swatch ${stage.stage}"></span>${STAGE_NAMES[stage.stage]}`,
    formatCount(stage.attempts),
    formatDuration(stage.endedMs - stage.startedMs),
    formatDuration(stage.busyMs),
    formatDuration(stage.medianMs),
    formatDuration(stage.longestMs),
    stage.bytesRead > 0 ? formatBytes(stage.bytesRead) : '–',
    stage.retries > 0 ? formatCount(stage.retries) : '–',
    stage.spills > 0 ? `${formatCount(stage.spills)}, ${formatBytes(stage.spilledBytes)}` : '–',
  ]);
  return table(
    'The stages of the run',
    [{ head: 'Stage' }, ...columns.map((head) => ({ head, kind: 'number' as const }))],
    rows,
  );
}

function taskTable(rows: readonly TimelineRow[], stages: readonly StageSummary[]): Markup {
  const isStraggler = (row: TimelineRow) => stages.some(({ stragglers }) => stragglers.has(row));
  const inOrder = rows.toSorted((a, b) => a.startedMs - b.startedMs);
  const longest = new Set(rows.toSorted((a, b) => b.longestMs - a.longestMs).slice(0, MAX_TASKS_LISTED));
  const listed = inOrder.filter((row) => longest.has(row));
  const cut =
    listed.length < rows.length &&
    html`<p class="note">The ${formatCount(listed.length)} that took longest of ${formatCount(rows.length)}.</p>`;
  return html`${cut}${table(
    'Tasks in the order in which they began',
    [
      { head: 'Task' },
      ...['Worker', 'Began', 'Took', 'Read'].map((head) => ({ head, kind: 'number' as const })),
      { head: 'Remarks' },
    ],
    listed.map((row) => [
      nameOf(row),
      row.worker + 1,
      formatDuration(row.startedMs),
      formatDuration(row.endedMs - row.startedMs),
      row.bytesRead > 0 ? formatBytes(row.bytesRead) : '–',
      remarks(row, isStraggler(row)),
    ]),
  )}`;
}

function remarks(row: TimelineRow, isStraggler: boolean): string {
  return [
    row.attempts > 1 && formatCountOf(row.attempts, 'attempt'),
    row.retries > 0 && 'retry',
    row.failures > 0 && 'failed',
    isStraggler && 'straggler',
    row.spills > 0 && formatCountOf(row.spills, 'spill'),
  ]
    .filter((remark) => remark !== false)
    .join(', ');
}
