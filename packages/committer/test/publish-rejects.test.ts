import type { ObjectStore } from '@mapreduce/shared-utils';
import { createStageFixture, FIXTURE_OUTPUT, FIXTURE_TEMP, tallyOf } from '@mapreduce/shared-utils/testing';
import type { Groups } from '../src/merge-groups';
import { publishRejects } from '../src/publish-rejects';

/** Publishes so many files of so many lines; returns how many were between being read and written at once. */
async function publishFiles(files: number, linesPerFile: number) {
  const fixture = await createStageFixture();
  const { deps, plan } = fixture;
  const rejects = Array.from({ length: files }, (_, split) => ({
    split,
    key: `runs/fixture/rejects/${split}-a.jsonl`,
    written: linesPerFile,
  }));
  for (const { key } of rejects)
    await fixture.store.put(
      { bucket: FIXTURE_TEMP, objectKey: key },
      Buffer.from('{}\n'.repeat(linesPerFile)),
    );
  let inMemory = 0;
  let most = 0;
  const store: ObjectStore = {
    ...fixture.store,
    read(ref, options) {
      most = Math.max(most, ++inMemory);
      return fixture.store.read(ref, options);
    },
    async put(...args) {
      const result = await fixture.store.put(...args);
      inMemory--;
      return result;
    },
  };
  const groups: Groups = {
    partitions: [],
    bytesRead: 0,
    records: tallyOf({}),
    rejects,
    firstReject: null,
  };
  await publishRejects({ ...deps, store }, plan, groups);
  const published = [...fixture.store.objects.keys()].filter((key) =>
    key.startsWith(`${FIXTURE_OUTPUT}/out/rejects/`),
  );
  return { most, published: published.length };
}

describe('publishing rejects', () => {
  it('holds at most 80,000 lines in memory at once', async () => {
    expect(await publishFiles(20, 10_000)).toEqual({ most: 8, published: 20 });
  });

  it('copies many short files at once', async () => {
    expect(await publishFiles(200, 2)).toEqual({ most: 64, published: 200 });
  });

  it('publishes nothing where nothing was rejected', async () => {
    expect(await publishFiles(0, 1)).toEqual({ most: 0, published: 0 });
  });
});
