import { REJECT_REASONS, type RejectReason } from '@mapreduce/shared-utils';
import { drawBar } from '../charts/bar';
import { formatBytes, formatCount, formatCountOf, formatShare } from '../format';
import { html, type Markup } from '../html';
import type { Report } from '../report';
import { visibleText } from '../visible-text';
import { section, table } from './section';

/** As people would say it. */
const MEANINGS: Readonly<Record<RejectReason, string>> = {
  malformed_json: 'is not one JSON text',
  invalid_utf8: 'is not valid UTF-8',
  not_object: 'is JSON, but no object',
  missing_url: 'has no such field',
  url_not_string: 'has the field, but no string in it',
  line_too_long: 'is longer than a line may be',
};

/** Lines that were not counted: why, how many, where, and some of them. */
export function rejectsSection({ records, rejects }: Report): Markup {
  const { bad, lines, badByReason } = records;
  const title = 'Bad lines';
  if (bad === 0) return section('rejects', title, 'Every line that is not blank was counted.', []);
  const found = REJECT_REASONS.filter((reason) => badByReason[reason] > 0).toSorted(
    (a, b) => badByReason[b] - badByReason[a],
  );
  const most = Math.max(...found.map((reason) => badByReason[reason]));
  const reasons = table(
    'Bad lines by reason',
    [
      { head: 'Reason' },
      { head: 'The line …' },
      { head: 'Lines', kind: 'number' },
      { head: 'Of the bad', kind: 'number' },
    ],
    found.map((reason) => [
      html`<code>${reason}</code>${drawBar(badByReason[reason] / most, 'bad')}`,
      MEANINGS[reason],
      formatCount(badByReason[reason]),
      formatShare(badByReason[reason] / bad),
    ]),
  );
  const all = rejects.listed === bad ? 'All are' : `${formatCount(rejects.listed)} are`;
  const lede = html`${formatCountOf(bad, 'line')} of ${formatCount(lines)}, ${formatShare(bad / lines)}, ${bad === 1 ? 'was' : 'were'} not counted.${
    rejects.directory !== null &&
    html` ${all} listed in <code>${visibleText(rejects.directory)}</code>; <code>mapreduce replay</code> reads them again.`
  }`;
  return section('rejects', title, lede, html`${reasons}${samples(rejects)}`);
}

function samples({ samples: found }: Report['rejects']): Markup | null {
  if (found.length === 0) return null;
  const files = found.map(({ source, offset, length, reason, snippet }) => [
    html`<code>${reason}</code>`,
    visibleText(source),
    formatCount(offset),
    formatBytes(length),
    html`<code class="snippet">${visibleText(snippet)}</code>`,
  ]);
  return html`<h3>Samples</h3><p class="note">The first ones of each reason. Offsets count bytes from the start of the file, of a compressed one after decompression.</p>${table(
    'Samples of bad lines',
    [
      { head: 'Reason' },
      { head: 'File' },
      { head: 'Byte offset', kind: 'number' },
      { head: 'Length', kind: 'number' },
      { head: 'How it begins' },
    ],
    files,
  )}`;
}
