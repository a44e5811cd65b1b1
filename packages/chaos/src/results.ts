import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Experiment, Figures, Scale } from './experiment';
import { experiments, handlerExperiments } from './experiments';

const BEGIN = '<!-- CHAOS BEGIN -->';
const END = '<!-- CHAOS END -->';

/** One experiment's last run. */
export interface Result {
  readonly seed: number;
  readonly scale: Scale;
  readonly seconds: number;
  readonly figures: Figures;
  /** What was found, where something was. */
  readonly finding?: string;
}

/** By the names of the experiments. */
export type Results = Readonly<Record<string, Result>>;

/** What the file holds, with these in place of earlier ones. */
export function mergeResults(file: string | undefined, results: Results): Results {
  const earlier =
    file !== undefined && existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : {};
  const merged = { ...earlier, ...results };
  if (file !== undefined) writeFileSync(file, `${JSON.stringify(merged, null, 2)}\n`);
  return merged;
}

/** One experiment in one line. */
export function formatResult(name: string, { seconds, figures, finding }: Result): string {
  const outcome = finding === undefined ? formatFigures(figures, '; ') : `FINDING: ${finding}`;
  return `${name.padEnd(14)} ${seconds.toFixed(1).padStart(6)} s  ${outcome}`;
}

/** Replaces what stands between the two comments. @throws where they are missing */
export function writeDocument(file: string, results: Results): void {
  const text = readFileSync(file, 'utf8');
  const [before, after] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (before === -1 || after < before) throw new Error(`${file}: expected the comments ${BEGIN} and ${END}`);
  const table = formatTable(results);
  writeFileSync(file, `${text.slice(0, before + BEGIN.length)}\n\n${table}\n\n${text.slice(after)}`);
}

export function formatTable(results: Results): string {
  const rows = experiments.map((experiment) => formatRow(experiment, results[experiment.name]));
  const head = ['| experiment | against | promised | figures |', '|---|---|---|---|'];
  return [...head, ...rows].join('\n');
}

function formatRow(experiment: Experiment, result: Result | undefined): string {
  const { name, faults, promise } = experiment;
  const test = handlerExperiments.includes(experiment)
    ? 'packages/chaos/test/experiments.test.ts'
    : 'packages/cli/test/chaos.test.ts';
  const cells = [`\`${name}\`, in [${test.split('/')[1]}](../${test})`, faults, promise, formatCell(result)];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function formatCell(result: Result | undefined): string {
  if (result === undefined) return 'not run';
  const { seed, scale, figures, finding } = result;
  const outcome = finding === undefined ? formatFigures(figures, '<br>') : `**broken**: ${finding}`;
  return `${outcome}<br>(${scale}, seed ${seed})`;
}

function formatFigures(figures: Figures, separator: string): string {
  return Object.entries(figures)
    .map(([what, value]) => `${what}: ${typeof value === 'number' ? value.toLocaleString('en-US') : value}`)
    .join(separator);
}
