import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { experiments } from '../src';
import { formatResult, formatTable, mergeResults, type Result, writeDocument } from '../src/results';

const held: Result = { seed: 5, scale: 'full', seconds: 1.25, figures: { runs: 2000, by: 'a|b' } };
const broken: Result = { seed: 6, scale: 'short', seconds: 2, figures: {}, finding: 'seed 6: something' };

describe('the results', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'mapreduce-results-'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it('are one line an experiment', () => {
    expect(formatResult('twins', held)).toBe('twins             1.3 s  runs: 2,000; by: a|b');
    expect(formatResult('twins', broken)).toBe('twins             2.0 s  FINDING: seed 6: something');
  });

  it('are one row an experiment, which says with what seed, what is broken and what was not run', () => {
    const rows = formatTable({ 'kill-tasks': held, twins: broken }).split('\n').slice(2);
    expect(rows).toHaveLength(experiments.length);
    expect(rows[0]).toMatch(/^\| `kill-tasks`.* runs: 2,000<br>by: a\\\|b<br>\(full, seed 5\) \|$/);
    expect(rows[3]).toMatch(/^\| `twins`.*\*\*broken\*\*: seed 6: something<br>\(short, seed 6\) \|$/);
    expect(rows[1]).toMatch(/not run \|$/);
  });

  it('are kept for experiments that are not run again', () => {
    const file = path.join(directory, 'results.json');
    mergeResults(file, { twins: held, warm: held });
    expect(mergeResults(file, { twins: broken })).toEqual({ twins: broken, warm: held });
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ twins: broken, warm: held });
  });

  it('go into a document between its two comments, and nowhere else', () => {
    const file = path.join(directory, 'document.md');
    writeFileSync(file, 'before\n<!-- CHAOS BEGIN -->\nstale row\n<!-- CHAOS END -->\nafter\n');
    writeDocument(file, { twins: held });
    const text = readFileSync(file, 'utf8');
    expect(text).toContain(formatTable({ twins: held }));
    expect(text).not.toContain('stale row');
    expect([text.startsWith('before\n<!--'), text.endsWith('<!-- CHAOS END -->\nafter\n')]).toEqual([
      true,
      true,
    ]);
  });

  it('are refused a document without the comments', () => {
    const file = path.join(directory, 'other.md');
    writeFileSync(file, 'nothing');
    expect(() => writeDocument(file, {})).toThrow(/other\.md: expected the comments <!-- CHAOS BEGIN -->/);
  });
});

describe('docs/guarantees.md', () => {
  it('has a row for every experiment, from a full run that held', () => {
    const text = readFileSync(path.resolve(__dirname, '../../../docs/guarantees.md'), 'utf8');
    const rows = text.split('\n').filter((line) => /^\| `/.test(line));
    expect(rows.map((row) => /`([^`]+)`/.exec(row)?.[1])).toEqual(experiments.map(({ name }) => name));
    expect(rows.filter((row) => !/\(full, seed \d+\) \|$/.test(row) || row.includes('**broken**'))).toEqual(
      [],
    );
  });
});
