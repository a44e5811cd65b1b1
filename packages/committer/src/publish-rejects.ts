import {
  mapConcurrently,
  type Plan,
  readBytes,
  readWritten,
  rejectsKey,
  requireSame,
  type StageDeps,
} from '@mapreduce/shared-utils';
import type { Groups } from './merge-groups';

const CONCURRENT_REQUESTS = 64;

/** Whole files are in memory, and a line may take 1.5 kB: eight of a mapper's longest, or many short ones. */
const MAX_LINES_IN_MEMORY = 80_000;

const LF = 0x0a;

type RejectFile = Groups['rejects'][number];

/** Copies what the winning attempts rejected, whether or not the run then fails for it. */
export async function publishRejects(
  { store, config }: StageDeps,
  plan: Plan,
  { rejects }: Groups,
): Promise<void> {
  const { outputBucket, outputPrefix } = plan.configuration;
  const publish = async ({ split, key, written }: RejectFile) => {
    const ref = { bucket: config.bucketTemp, objectKey: key };
    const bytes = await readWritten(store, ref, () => readBytes(store, ref));
    requireSame(key, 'rejected lines', written, countLines(bytes));
    await store.put({ bucket: outputBucket, objectKey: rejectsKey(outputPrefix, split) }, bytes);
  };
  for (const files of inBatches(rejects)) await mapConcurrently(files, CONCURRENT_REQUESTS, publish);
}

/** As many files at a time as may be in memory together. */
function* inBatches(files: readonly RejectFile[]): Generator<RejectFile[]> {
  let batch: RejectFile[] = [];
  let lines = 0;
  for (const file of files) {
    if (batch.length > 0 && lines + file.written > MAX_LINES_IN_MEMORY) {
      yield batch;
      batch = [];
      lines = 0;
    }
    batch.push(file);
    lines += file.written;
  }
  yield batch;
}

function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) lines++;
  return lines;
}
