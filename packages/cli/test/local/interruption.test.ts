import { appendFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { top } from '../../src/commands/top';
import { CHANGE_KINDS } from '../../src/local/change-kinds';
import { diffOutputs } from '../../src/local/diff-outputs';
import { replayRejects } from '../../src/local/replay-rejects';
import { createWorkspace, mapreduce } from '../mapreduce';

const workspace = createWorkspace();
const out = path.join(workspace, 'out');
const signal = AbortSignal.abort();

beforeAll(async () => {
  const input = path.join(workspace, 'input.jsonl');
  const urls = Array.from({ length: 200 }, (_, index) => `{"url":"/${index}"}\n`);
  writeFileSync(input, urls.join(''));
  appendFileSync(input, 'bad\n');
  await mapreduce(['run', input, '-o', out, '-q', '--max-bad-records', '1']);
});

describe('what only reads an output', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['top', () => top(out, { limit: 1000 }, signal)],
    ['diff', () => diffOutputs(out, out, { limit: 1, only: CHANGE_KINDS, signal })],
    ['replay', () => replayRejects(out, {}, signal)],
  ])('ends `mapreduce %s` at once when it is interrupted', async (_, read) => {
    await expect(read()).rejects.toThrow();
  });
});
