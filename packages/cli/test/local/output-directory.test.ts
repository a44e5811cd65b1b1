import fs from 'node:fs';
import path from 'node:path';
import { OutputDirectory } from '../../src/local/output-directory';
import { createWorkspace } from '../mapreduce';

const workspace = createWorkspace();
const NO_INPUTS = { files: [], directories: [], totalBytes: 0 };

/** What is brought to the disk, and what gets its name there, in order; paths from the output directory. */
function recordSteps(out: string): string[] {
  const steps: string[] = [];
  const relative = (file: fs.PathLike) => path.relative(out, String(file)) || '.';
  const { openSync, fsyncSync, renameSync } = fs;
  const opened = new Map<number, string>();
  jest.spyOn(fs, 'openSync').mockImplementation((file, ...rest) => {
    const descriptor = openSync(file, ...rest);
    opened.set(descriptor, relative(file));
    return descriptor;
  });
  jest.spyOn(fs, 'fsyncSync').mockImplementation((descriptor) => {
    fsyncSync(descriptor);
    steps.push(`sync ${opened.get(descriptor)}`);
  });
  jest.spyOn(fs, 'renameSync').mockImplementation((from, to) => {
    renameSync(from, to);
    steps.push(`move ${relative(from)}`);
  });
  return steps;
}

function stage(output: OutputDirectory, names: readonly string[]): void {
  for (const name of names) {
    const file = path.join(output.staged, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, name);
  }
}

describe('an output directory', () => {
  afterEach(() => jest.restoreAllMocks());

  it('shows nothing that a power cut could take back: contents, then names, then the manifest', () => {
    const out = path.join(workspace, 'first');
    const output = OutputDirectory.open(out, NO_INPUTS, false);
    stage(output, ['bucket_0.json', 'manifest.json', 'rejects/0.jsonl']);
    const steps = recordSteps(out);
    output.publish();
    expect(steps).toEqual([
      'sync .mapreduce/output/bucket_0.json',
      'sync .mapreduce/output/manifest.json',
      'sync .mapreduce/output/rejects/0.jsonl',
      'sync .mapreduce/output/rejects',
      'sync .mapreduce/output',
      'move .mapreduce/output/bucket_0.json',
      'move .mapreduce/output/rejects',
      'sync .',
      'move .mapreduce/output/manifest.json',
      'sync .',
    ]);
    output.close();
    expect(fs.readdirSync(out).sort()).toEqual(['bucket_0.json', 'manifest.json', 'rejects']);
  });

  it('takes the earlier manifest away before anything that it names', () => {
    const out = path.join(workspace, 'second');
    const earlier = OutputDirectory.open(out, NO_INPUTS, false);
    stage(earlier, ['bucket_0.json', 'bucket_1.json', 'manifest.json']);
    earlier.publish();
    earlier.close();
    const output = OutputDirectory.open(out, NO_INPUTS, true);
    stage(output, ['bucket_0.json', 'manifest.json']);
    const steps = recordSteps(out);
    output.publish();
    expect(steps.filter((step) => !step.includes('.mapreduce'))).toEqual([
      'move manifest.json',
      'sync .',
      'move bucket_1.json',
      'move bucket_0.json',
      'sync .',
      'sync .',
    ]);
    output.close();
    expect(fs.readdirSync(out).sort()).toEqual(['bucket_0.json', 'manifest.json']);
  });
});
