import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseTimeline, type Timeline } from '@mapreduce/shared-utils';
import { createWorkspace, mapreduce } from './mapreduce';

const workspace = createWorkspace();

function readTimeline(out: string): Timeline {
  const file = path.join(out, 'timeline.json');
  return parseTimeline(file, readFileSync(file, 'utf8'));
}

describe('the timeline of a run', () => {
  it('has every task once, in the order of the stages, with the bytes that it read', async () => {
    const input = path.join(workspace, 'input.jsonl');
    await mapreduce(['generate', '--lines', '20000', '--seed', '5', '--out', input]);
    const out = path.join(workspace, 'out');
    const { code } = await mapreduce(['run', input, '-o', out, '-q', '--split-bytes', '1000000']);
    expect(code).toBe(0);
    const { rows, runId, environment, throughput } = readTimeline(out);
    const manifest = JSON.parse(readFileSync(path.join(out, 'manifest.json'), 'utf8'));
    expect(runId).toBe(manifest.run_id);
    expect(environment.node).toBe(process.versions.node);
    const numbersOf = (stage: string) =>
      rows
        .filter((row) => row.stage === stage)
        .map(({ number }) => number)
        .sort((a, b) => a - b);
    const splits = Math.ceil(readFileSync(input).length / 1_000_000);
    expect(numbersOf('MapSplit')).toEqual(Array.from({ length: splits }, (_, split) => split));
    expect(numbersOf('ReducePartition')).toEqual(
      manifest.outputs.map(({ bucket }: { bucket: number }) => bucket),
    );
    expect(['Plan', 'Group', 'Commit'].map(numbersOf)).toEqual([[0], [0], [0]]);
    const read = rows.reduce((sum, { bytesRead }) => sum + bytesRead, 0);
    // A split also reads on for the rest of its last line.
    expect(read).toBeGreaterThanOrEqual(manifest.bytes_read);
    const binned = throughput.bytes.reduce((sum, bytes) => sum + bytes, 0);
    expect(Math.abs(binned - read)).toBeLessThan(throughput.bytes.length);
  });

  it('tells of reducers that spilled', async () => {
    const input = path.join(workspace, 'many.jsonl');
    const lines = Array.from({ length: 30_000 }, (_, line) => `{"url":"https://a.example/${line}"}\n`);
    writeFileSync(input, lines.join(''));
    const out = path.join(workspace, 'spilled');
    const budget = ['--table-bytes', '4096', '--num-buckets', '1'];
    expect(await mapreduce(['run', input, '-o', out, '-q', ...budget])).toMatchObject({ code: 0 });
    const reduce = readTimeline(out).rows.find(({ stage }) => stage === 'ReducePartition');
    expect(reduce?.spills).toBeGreaterThan(1);
    expect(reduce?.spilledBytes).toBeGreaterThan(100_000);
  });

  it('goes when another run takes the place of its output', async () => {
    const input = path.join(workspace, 'input.jsonl');
    const out = path.join(workspace, 'out');
    const { runId } = readTimeline(out);
    expect(await mapreduce(['run', input, '-o', out, '-q', '--overwrite'])).toMatchObject({ code: 0 });
    expect(readTimeline(out).runId).not.toBe(runId);
  });
});
