import path from 'node:path';
import type { Manifest } from '@mapreduce/shared-utils';
import { formatBytes, formatCount, formatSeconds } from './format';
import { formatTopTable } from './top-table';

const TOP_SHOWN = 10;

/** What `mapreduce run` prints when it is done. */
export function formatRunReport(manifest: Manifest, out: string, elapsedMs: number, columns: number): string {
  const { inputs, records, counts, outputs, bytesRead, rejects } = manifest;
  const rate = formatBytes(Math.round((bytesRead * 1000) / Math.max(elapsedMs, 1)));
  const files = inputs.length === 1 ? 'file' : 'files';
  const stored = inputs.some(({ compression }) => compression !== 'none') ? ' as stored' : '';
  const lines = [
    `Counted ${formatCount(inputs.length)} ${files}, ${formatBytes(bytesRead)}${stored} in ${formatSeconds(elapsedMs)} (${rate}/s).`,
    '',
    `  lines   ${formatCount(records.lines)} = ${formatCount(records.ok)} ok + ${formatCount(records.blank)} blank + ${formatCount(records.bad)} bad`,
    ...formatReasons(manifest),
    `  urls    ${formatCount(counts.unique)} unique, counts sum to ${formatCount(counts.total)}`,
    '',
  ];
  if (manifest.top.length > 0) {
    lines.push(formatTopTable(manifest.top.slice(0, TOP_SHOWN), counts.total, columns), '');
  }
  lines.push(`  output  ${path.join(out, 'manifest.json')} and ${formatCount(outputs.length)} bucket_*.json`);
  if (rejects.length > 0) {
    const written = rejects.reduce((sum, reject) => sum + reject.written, 0);
    const all = written === records.bad ? 'all' : `${formatCount(written)} of the`;
    lines.push(`  rejects ${path.join(out, 'rejects')} lists ${all} ${formatCount(records.bad)} bad`);
  }
  return `${lines.join('\n')}\n`;
}

function formatReasons({ records }: Manifest): string[] {
  if (records.bad === 0) return [];
  const reasons = Object.entries(records.badByReason).filter(([, count]) => count > 0);
  return [`  bad     ${reasons.map(([reason, count]) => `${formatCount(count)} ${reason}`).join(', ')}`];
}
