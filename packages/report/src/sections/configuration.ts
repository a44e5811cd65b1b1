import { formatBytes, formatCount, formatCountOf } from '../format';
import { html, type Markup } from '../html';
import type { Report } from '../report';
import { visibleText } from '../visible-text';
import { numbersBehind, section, table } from './section';

/** What the run was told and what it ran on. */
export function configurationSection(report: Report): Markup {
  const { inputs } = report;
  const files = table(
    'Input files',
    [{ head: 'File' }, { head: 'Compression' }, { head: 'Size', kind: 'number' }],
    inputs.listed.map(({ name, size, compression }) => [
      visibleText(name),
      compression ?? '–',
      formatBytes(size),
    ]),
  );
  const cut =
    inputs.listed.length < inputs.count ? `, the ${formatCount(inputs.listed.length)} largest listed` : '';
  return section(
    'configuration',
    'Configuration',
    null,
    html`<dl class="settings">${settings(report).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
${inputs.listed.length > 0 && numbersBehind(`${formatCountOf(inputs.count, 'input file')}${cut}`, files)}`,
  );
}

type Value = Markup | string;

function settings({ configuration, environment, runId }: Report): (readonly [string, Value])[] {
  const limit = (value: number | null | undefined, format: (value: number) => string) =>
    value === undefined ? undefined : value === null ? 'no limit' : format(value);
  const { numBuckets, maxBadRecords, maxBadRatio } = configuration;
  const known: (readonly [string, Value | undefined])[] = [
    ['Run', untrusted(runId)],
    ['URL field', untrusted(configuration.urlField)],
    ['Partitions', numBuckets === undefined ? undefined : formatCount(numBuckets)],
    ['Split', limit(configuration.splitBytes, formatBytes)],
    ['Longest line', limit(configuration.maxLineBytes, formatBytes)],
    ['Table', limit(configuration.tableBytes, formatBytes)],
    ['Decompressed at most', limit(configuration.maxDecompressedBytes, formatBytes)],
    ['Bad lines allowed', allowed(maxBadRecords, maxBadRatio)],
    ['Hash', untrusted(configuration.hashVersion)],
    ['Workers', environment === null ? undefined : formatCount(environment.workers)],
    ['Engine', environment?.engine],
    ['mapreduce', untrusted(environment?.version)],
    ['Node', untrusted(environment?.node)],
    ['Platform', untrusted(environment?.platform)],
  ];
  return known.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
}

function untrusted(text: string | null | undefined): Markup | undefined {
  return typeof text === 'string' ? visibleText(text) : undefined;
}

function allowed(records: number | null | undefined, ratio: number | null | undefined): string | undefined {
  if (records === undefined && ratio === undefined) return undefined;
  const limits = [
    typeof records === 'number' && formatCount(records),
    typeof ratio === 'number' && `${Number((100 * ratio).toPrecision(6))} % of the lines`,
  ].filter((limit) => limit !== false);
  return limits.length === 0 ? 'none' : limits.join(' and ');
}
