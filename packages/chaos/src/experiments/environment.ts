import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { buildMapreduce, inDirectory } from '../command-line';
import { fullDisk, readOnlyOutput } from '../crowded-disk';
import type { Experiment, ExperimentOptions } from '../experiment';
import { inStep } from '../experiment';
import { fewHandles, linkLoops, tinyFiles, unreadableInput } from '../odd-inputs';

/** Each in a directory of its own; gives its figures. */
const CASES = { fullDisk, readOnlyOutput, fewHandles, tinyFiles, unreadableInput, linkLoops } as const;

export const environment: Experiment = {
  name: 'environment',
  promise:
    'the right output, or exit code 2 with one line that says where and what to do; nothing like an output',
  faults:
    'no space left at any moment, a read-only output, few file handles, many tiny files, unreadable input, loops of symbolic links',
  async run(options) {
    await buildMapreduce();
    return inDirectory((directory) => tryAll(options, directory));
  },
};

async function tryAll(options: ExperimentOptions, directory: string) {
  const figures: Record<string, number | string> = {};
  for (const [name, act] of Object.entries(CASES)) {
    const place = path.join(directory, name);
    await mkdir(place);
    Object.assign(figures, await inStep(options.seed, `environment, ${name}`, () => act(place, options)));
  }
  return figures;
}
