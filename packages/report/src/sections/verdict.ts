import { drawBar } from '../charts/bar';
import {
  formatBytes,
  formatCount,
  formatCountOf,
  formatDuration,
  formatRate,
  formatShare,
  formatTime,
} from '../format';
import { html, type Markup } from '../html';
import { isBalanced, ledgerOf } from '../ledger-lines';
import type { Report } from '../report';
import { visibleText } from '../visible-text';

/** What came of the run, in one look. */
export function verdictSection(report: Report): Markup {
  const { badge, kind, headline, explanation } = judge(report);
  return html`<section id="verdict" aria-labelledby="verdict-title" class="hero ${kind}">
<p class="origin"><span class="badge ${kind}">${icon(kind)}${badge}</span> <span class="where">${visibleText(report.where)}</span>${
    report.startedAt !== null && html` <span>${visibleText(formatTime(report.startedAt))}</span>`
  }</p>
<h1 id="verdict-title">${headline}</h1>
${explanation}
${progress(report)}
<dl class="figures">${figures(report)}</dl>
</section>`;
}

interface Judgement {
  readonly kind: 'good' | 'poor' | 'open';
  readonly badge: string;
  readonly headline: string;
  readonly explanation: Markup;
}

function judge(report: Report): Judgement {
  const { verdict } = report;
  if (verdict.kind === 'running') {
    return {
      kind: 'open',
      badge: 'Running',
      headline: `${formatCountOf(report.records.ok, 'line')} counted so far`,
      explanation: html`<p class="lede">${verdict.state}. This page follows the run and ends with it.</p>`,
    };
  }
  if (verdict.kind === 'succeeded') return judgeOutput(report);
  const isFailure = verdict.kind === 'failed';
  return {
    kind: 'poor',
    badge: isFailure ? 'Failed' : 'Interrupted',
    headline: isFailure
      ? 'The run failed; nothing was published'
      : 'The run was interrupted; nothing was published',
    explanation: isFailure
      ? html`<p class="lede">The reason, <code>${visibleText(verdict.name)}</code>:</p><p class="message">${visibleText(verdict.message)}</p>`
      : html`<p class="lede">What is below is how far it had come.</p>`,
  };
}

function judgeOutput(report: Report): Judgement {
  const { records, counts, inputs } = report;
  const balances = isBalanced(ledgerOf(report));
  const bad =
    records.bad === 0
      ? 'No line is bad.'
      : `${formatCountOf(records.bad, 'line')} ${records.bad === 1 ? 'is' : 'are'} bad, within what was allowed.`;
  return {
    kind: balances ? 'good' : 'poor',
    badge: balances ? 'Balanced' : 'Not balanced',
    headline: `${formatCountOf(records.ok, 'line')} counted, ${formatCountOf(counts?.unique ?? 0, 'URL')}`,
    explanation: balances
      ? html`<p class="lede">Every byte of ${formatCountOf(inputs.count, 'file')} and every line is accounted for. ${bad}</p>`
      : html`<p class="lede">The sums below do not agree: do not use this output, and run <code>mapreduce verify</code>.</p>`,
  };
}

function progress({ verdict }: Report): Markup | null {
  if (verdict.kind !== 'running') return null;
  const share = verdict.totalBytes === 0 ? 1 : Math.min(verdict.bytesRead / verdict.totalBytes, 1);
  return html`<div class="progress" role="progressbar" aria-label="Input read" aria-valuemin="0" aria-valuemax="100" aria-valuenow="${Math.floor(100 * share)}">${drawBar(share)}</div>`;
}

function figures({ verdict, records, counts, inputs, bytesRead, elapsedMs }: Report): Markup[] {
  const read = verdict.kind === 'running' ? verdict.bytesRead : bytesRead;
  const found: (readonly [string, string, string])[] = [
    ['Lines', formatCount(records.lines), records.blank > 0 ? `${formatCount(records.blank)} blank` : ''],
    ['Unique URLs', counts === null ? '–' : formatCount(counts.unique), ''],
    [
      'Bad lines',
      formatCount(records.bad),
      records.lines > 0 ? formatShare(records.bad / records.lines) : '',
    ],
    ['Input read', formatBytes(read), formatCountOf(inputs.count, 'file')],
    ['Time', elapsedMs === null ? '–' : formatDuration(elapsedMs), ''],
    ['Throughput', elapsedMs === null ? '–' : formatRate(read, elapsedMs), ''],
  ];
  return found.map(
    ([name, value, note]) =>
      html`<div><dt>${name}</dt><dd>${value}${note !== '' && html` <small>${note}</small>`}</dd></div>`,
  );
}

const PATHS = {
  good: 'M4 8.5l2.7 2.7L12 5.5',
  poor: 'M8 4v5M8 11.4v.2',
  open: 'M8 4.5V8l2.3 1.6',
} as const;

function icon(kind: keyof typeof PATHS): Markup {
  return html`<svg class="icon" viewBox="0 0 16 16" width="14" height="14" aria-hidden="true"><path d="${PATHS[kind]}"/></svg>`;
}
