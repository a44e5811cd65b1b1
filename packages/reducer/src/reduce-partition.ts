import { createHash } from 'node:crypto';
import { type CountMerger, chooseKernel } from '@mapreduce/kernel';
import {
  decodeSegment,
  FORMAT_VERSION,
  mapConcurrently,
  type OutputSummary,
  outputKey,
  type Plan,
  parsePartitionSegments,
  parseReduceCommit,
  type ReduceCommit,
  type ReducerEvent,
  type ReducerResult,
  readBytes,
  readDocumentIfPresent,
  readPart,
  readPlan,
  requireSame,
  runKeys,
  type Segment,
  type StageDeps,
  TOP_BYTES,
  TOP_COUNT,
  writeDocument,
} from '@mapreduce/shared-utils';

/** Segments in memory at once. */
const CONCURRENT_READS = 8;

/**
 * Sums the segments of one partition and writes `bucket_<p>.json`, sorted by UTF-8 bytes, then its commit
 * record. The same segments give the same bytes, so a second attempt changes nothing.
 */
export async function reducePartition(
  deps: StageDeps,
  { runId, partition }: ReducerEvent,
): Promise<ReducerResult> {
  const { store, config, log } = deps;
  const keys = runKeys(runId);
  const commitRef = { bucket: config.bucketTemp, objectKey: keys.reduceCommit(partition) };
  const done = await readDocumentIfPresent(store, commitRef, parseReduceCommit);
  if (done !== null) return resultOf(done);

  const plan = await readPlan(deps, runId);
  const segments = await readSegmentList(deps, plan, partition);
  const commit: ReduceCommit = {
    version: FORMAT_VERSION,
    runId,
    partition,
    attempt: deps.newAttemptId(),
    fingerprint: plan.fingerprint,
    ...(await sumSegments(deps, plan, partition, segments)),
  };
  await writeDocument(store, commitRef, commit, { ifNoneMatch: true });
  const { unique, total } = commit.output;
  log.info('partition reduced', { run_id: runId, partition, segments: segments.length, unique, total });
  return resultOf(commit);
}

async function sumSegments(
  deps: StageDeps,
  plan: Plan,
  partition: number,
  segments: readonly Segment[],
): Promise<Pick<ReduceCommit, 'output' | 'top'>> {
  const expected = { partition, partitionCount: plan.configuration.numBuckets };
  const merger = chooseKernel(deps.config.engine).createMerger();
  try {
    await mapConcurrently(segments, CONCURRENT_READS, (segment) =>
      mergeSegment(deps, segment, expected, merger),
    );
    const output = await writeOutput(deps, plan, partition, merger);
    return { output, top: merger.top(TOP_COUNT, TOP_BYTES) };
  } finally {
    merger.close();
  }
}

function resultOf({ output: { outputBucket, outputKey } }: ReduceCommit): ReducerResult {
  return { outputBucket, outputKey };
}

async function readSegmentList(deps: StageDeps, plan: Plan, partition: number): Promise<readonly Segment[]> {
  const objectKey = runKeys(plan.runId).partition(partition);
  const list = await readPart(deps, plan, objectKey, parsePartitionSegments);
  requireSame(objectKey, 'partition', partition, list.partition);
  return list.segments;
}

async function mergeSegment(
  { store, config }: StageDeps,
  { key, offset, length }: Segment,
  expected: { readonly partition: number; readonly partitionCount: number },
  merger: CountMerger,
): Promise<void> {
  const ref = { bucket: config.bucketTemp, objectKey: key };
  const where = `${store.uri(ref)}: segment at byte ${offset}`;
  const bytes = await readBytes(store, ref, { range: { start: offset, end: offset + length } });
  merger.add(decodeSegment(where, bytes, expected));
}

async function writeOutput(
  { store }: StageDeps,
  { configuration }: Plan,
  partition: number,
  merger: CountMerger,
): Promise<OutputSummary> {
  const ref = {
    bucket: configuration.outputBucket,
    objectKey: outputKey(configuration.outputPrefix, partition),
  };
  const hash = createHash('sha256');
  const writer = store.createWriter(ref);
  try {
    for (const piece of merger.format()) {
      hash.update(piece);
      await writer.write(piece);
    }
    await writer.close();
  } catch (error) {
    await writer.abort();
    throw error;
  }
  return {
    bucket: partition,
    outputBucket: ref.bucket,
    outputKey: ref.objectKey,
    unique: merger.unique,
    total: merger.total,
    sha256: hash.digest('hex'),
  };
}
