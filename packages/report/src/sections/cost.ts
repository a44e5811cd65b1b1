import { html, type Markup } from '../html';
import type { Cost, Report } from '../report';
import { section } from './section';

/** What the run was predicted to cost, and did; nothing where neither is known. */
export function costSection({ cost }: Report): Markup | null {
  if (cost === null) return null;
  const figures = [
    ['Predicted', cost.predicted],
    ['Actual', cost.actual],
  ] as const;
  return section(
    'cost',
    'Cost',
    null,
    html`<dl class="figures">${figures.map(([name, amount]) => html`<div><dt>${name}</dt><dd>${formatMoney(amount, cost)}</dd></div>`)}</dl>`,
  );
}

function formatMoney(amount: number | null, { currency }: Cost): string {
  if (amount === null) return 'not known';
  return amount.toLocaleString('en-US', { style: 'currency', currency, maximumSignificantDigits: 3 });
}
