import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { createWorkspace, mapreduce } from './mapreduce';
import { createPipeline, putText } from './run-in-memory';

const workspace = createWorkspace();

/** The shuffle object that a mapper leaves for these lines. */
async function createShuffleObject(name: string, change: (bytes: Buffer) => Uint8Array): Promise<string> {
  const { store, invoke } = createPipeline({ numBuckets: 4 });
  await putText(store, 'in', 'file', '{"url":"a"}\n{"url":"\\ud800"}\n{"url":"a"}\n');
  const input = { input_files: [{ bucket: 'in', key: 'file' }], run_id: 'r' };
  await invoke('Plan', { input, execution_id: 'e', machine: 'express' });
  await invoke('MapSplit', { run_id: 'r', split: 0 });
  const [, bytes] = [...store.objects].find(([key]) => key.includes('/shuffle/')) ?? [];
  const file = path.join(workspace, name);
  writeFileSync(file, change(Buffer.from(bytes ?? [])));
  return file;
}

describe('mapreduce inspect', () => {
  it('prints a row a line', async () => {
    const { code, stdout } = await mapreduce([
      'inspect',
      await createShuffleObject('whole.bin', (bytes) => bytes),
    ]);
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(code).toBe(0);
    expect(rows).toHaveLength(2);
    expect(rows).toContainEqual({ partition: expect.any(Number), url: 'a', count: 2 });
    expect(rows).toContainEqual({ partition: expect.any(Number), url: '\ud800', count: 1 });
  });

  it.each<[string, (bytes: Buffer) => Uint8Array, RegExp]>([
    ['cut short', (bytes) => bytes.subarray(0, -1), /expected it to end at byte \d+, got a file of \d+/],
    ['cut in a header', (bytes) => bytes.subarray(0, 10), /expected a header of 24 bytes, got 10/],
    ['changed', (bytes) => bytes.fill(0x78, 24, 25), /expected CRC-32/],
    [
      'something else',
      () => Buffer.from('{"url":"https://a.example/not-a-shuffle"}'),
      /expected a segment \(magic\)/,
    ],
  ])('refuses an object that is %s', async (name, change, message) => {
    const { code, stdout, stderr } = await mapreduce([
      'inspect',
      await createShuffleObject(`${name}.bin`, change),
    ]);
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});
