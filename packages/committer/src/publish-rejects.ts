import {
  type GroupSummary,
  mapConcurrently,
  type Plan,
  readBytes,
  rejectsKey,
  requireSame,
  type StageDeps,
} from '@mapreduce/shared-utils';

/** Whole files of at most 10,000 lines each are in memory. */
const CONCURRENT_REQUESTS = 64;

const LF = 0x0a;

/** Copies what the winning attempts rejected, whether or not the run then fails for it. */
export async function publishRejects(
  { store, config }: StageDeps,
  plan: Plan,
  { rejects }: GroupSummary,
): Promise<void> {
  const { outputBucket, outputPrefix } = plan.configuration;
  await mapConcurrently(rejects, CONCURRENT_REQUESTS, async ({ split, key, written }) => {
    const bytes = await readBytes(store, { bucket: config.bucketTemp, objectKey: key });
    requireSame(key, 'rejected lines', written, countLines(bytes));
    await store.put({ bucket: outputBucket, objectKey: rejectsKey(outputPrefix, split) }, bytes);
  });
}

function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) lines++;
  return lines;
}
