import { drawParts } from '../charts/bar';
import { html, type Markup } from '../html';
import { type LedgerLine, ledgerOf } from '../ledger-lines';
import type { Report } from '../report';
import { section } from './section';

const STATES: Readonly<Record<LedgerLine['state'], string>> = {
  balanced: 'balances',
  open: 'so far',
  broken: 'does not balance',
};

/** The equations, and what became of the lines. */
export function ledgerSection(report: Report): Markup {
  const { lines, ok, blank, bad } = report.records;
  const share = (count: number) => (lines === 0 ? 0 : count / lines);
  const parts = drawParts([
    { kind: 'ok', share: share(ok) },
    { kind: 'blank', share: share(blank) },
    { kind: 'bad', share: share(bad) },
  ]);
  const legend = html`<ul class="legend"><li class="ok">ok</li><li class="blank">blank</li><li class="bad">bad</li></ul>`;
  const rows = ledgerOf(report).map(
    ({ what, left, right, state }) =>
      html`<tr class="${state}"><th scope="row">${what}</th><td>${left}</td><td class="sign">${state === 'balanced' ? '=' : state === 'open' ? 'of' : '≠'}</td><td>${right}</td><td class="state">${STATES[state]}</td></tr>`,
  );
  const equations = html`<table class="ledger"><caption class="unseen">The ledger of the run</caption><tbody>${rows}</tbody></table>`;
  const lede = 'Nothing may be lost or invented between the bytes that were read and the counts.';
  return section('ledger', 'Ledger', lede, html`${equations}${lines > 0 && html`${parts}${legend}`}`);
}
