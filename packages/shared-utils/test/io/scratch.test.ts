import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ScratchSpaceError } from '../../src/domain/errors';
import { createDirectoryScratch } from '../../src/io/scratch';

const ADVICE = 'free some space';

describe('scratch in a directory', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'scratch-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('gives back what was appended, from any position', async () => {
    const file = await createDirectoryScratch(directory, ADVICE).createFile();
    const lent = Buffer.from('0123456789');
    await file.append(lent);
    lent.write('abcdefghij');
    await file.append(lent);
    await file.append(lent.subarray(0, 0));
    const buffer = Buffer.alloc(8);
    const read = async (position: number) => buffer.toString('latin1', 0, await file.read(buffer, position));
    expect(await read(0)).toBe('01234567');
    expect(await read(8)).toBe('89abcdef');
    expect(await read(16)).toBe('ghij');
    expect(await read(20)).toBe('');
    await file.append(Buffer.from('end'));
    expect(await read(20)).toBe('end');
    await file.close();
  });

  it('makes its directory when the first file is wanted, and keeps files apart', async () => {
    const scratch = createDirectoryScratch(join(directory, 'a', 'b'), ADVICE);
    expect(await readdir(directory)).toEqual([]);
    const files = await Promise.all([scratch.createFile(), scratch.createFile()]);
    await Promise.all(files.map((file, index) => file.append(Buffer.from(`${index}`))));
    const buffer = Buffer.alloc(2);
    for (const [index, file] of files.entries()) {
      expect(await file.read(buffer, 0)).toBe(1);
      expect(buffer.toString('latin1', 0, 1)).toBe(`${index}`);
      await file.close();
    }
  });

  it('has no file that could be left behind, even while one is in use', async () => {
    const file = await createDirectoryScratch(directory, ADVICE).createFile();
    await file.append(Buffer.from('content'));
    expect(await readdir(directory)).toEqual([]);
    await file.close();
    expect(await readdir(directory)).toEqual([]);
  });

  it('says where it cannot write, and what to do', async () => {
    const blocked = join(directory, 'file');
    await writeFile(blocked, '');
    const scratch = createDirectoryScratch(join(blocked, 'below'), ADVICE);
    const failure = scratch.createFile();
    await expect(failure).rejects.toThrow(ScratchSpaceError);
    await expect(failure).rejects.toThrow(
      `${join(blocked, 'below')}: expected a directory for sorted runs, got ENOTDIR: not a directory`,
    );
    await expect(failure).rejects.toThrow(/; free some space$/);
  });

  it('says so where there is no room for more', async () => {
    const file = await createDirectoryScratch(directory, ADVICE).createFile();
    await file.append(Buffer.alloc(10));
    await file.close();
    const failure = file.append(Buffer.alloc(5));
    await expect(failure).rejects.toThrow(ScratchSpaceError);
    await expect(failure).rejects.toThrow(
      `${directory}: expected room for 15 bytes of a sorted run, got file closed; free some space`,
    );
  });
});
