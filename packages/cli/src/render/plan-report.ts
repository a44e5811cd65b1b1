import type { RequestCounts } from '@mapreduce/shared-utils';
import type { CostLine } from '../cloud/cost-model';
import { formatBytes, formatCount } from './format';

export interface PlanReport {
  readonly inputs: number;
  readonly bytes: number;
  readonly compressed: number;
  readonly splits: number;
  readonly splitBytes: number;
  readonly machine: 'express' | 'batch';
  readonly limit: string | null;
  readonly seconds: number;
  /** Null for what lies in a bucket: that depends on the network. */
  readonly localSeconds: number | null;
  readonly advice: 'local' | 'express' | 'batch';
  readonly requests: RequestCounts;
  readonly cost: readonly CostLine[];
  readonly dollars: number;
  readonly athenaDollars: number;
  readonly region: string;
  readonly pricesOf: string;
}

/** What `mapreduce plan` prints. */
export function formatPlanReport(report: PlanReport): string {
  const { inputs, bytes, compressed, splits, splitBytes, region, pricesOf } = report;
  const pieces = splits === 1 ? 'split' : 'splits';
  const files = inputs === 1 ? 'file' : 'files';
  const packed = compressed === 0 ? '' : `, ${formatCount(compressed)} of them compressed`;
  const width = Math.max(...report.cost.map(({ quantity }) => formatQuantity(quantity).length));
  const lines = [
    `${formatCount(inputs)} ${files}${packed}, ${formatBytes(bytes)}; ${formatCount(splits)} ${pieces} of up to ${formatBytes(splitBytes)}.`,
    '',
    `  advice  ${adviceOf(report)}`,
    `  time    ${formatRoughly(report.seconds)} on the ${report.machine} machine`,
    '',
    `  cost of a run${pricesOf === region ? ` in ${region}` : `, at the prices of ${pricesOf}: those of ${region} are not known here`}`,
    ...report.cost.map(
      ({ item, quantity, unit, dollars }) =>
        `    ${item.padEnd(19)} ${formatQuantity(quantity).padStart(width)} ${unit.padEnd(11)} ${formatDollars(dollars)}`,
    ),
    `    ${'all of it'.padEnd(19 + width + 13)} ${formatDollars(report.dollars)}`,
    `    ${'Athena, one scan'.padEnd(19 + width + 13)} ${formatDollars(report.athenaDollars)}`,
  ];
  return `${lines.join('\n')}\n`;
}

function adviceOf({ advice, localSeconds, limit, machine }: PlanReport): string {
  if (advice === 'local') {
    return `run it here, in ${formatRoughly(localSeconds ?? 0)}: mapreduce run`;
  }
  if (machine === 'express') return 'the Express machine: it answers with the results within five minutes';
  return `the batch machine: ${limit?.replace(/^plan: /, '').replace(/; .*/, '') ?? ''}`;
}

/** No more digits than an estimate has. */
function formatRoughly(seconds: number): string {
  if (seconds < 1) return 'less than a second';
  if (seconds < 100) return `about ${Math.ceil(seconds)} s`;
  if (seconds < 6000) return `about ${Math.ceil(seconds / 60)} min`;
  return `about ${Math.ceil(seconds / 3600)} h`;
}

function formatQuantity(quantity: number): string {
  return quantity < 100 ? quantity.toFixed(2).replace(/\.00$/, '') : formatCount(Math.round(quantity));
}

function formatDollars(dollars: number): string {
  return `$${dollars < 0.01 ? dollars.toFixed(6) : dollars.toFixed(2)}`.padStart(10);
}
