import {
  FORMAT_VERSION,
  type Plan,
  parsePartitionSegments,
  parseReduceCommit,
  type ReduceCommit,
  type ReducerEvent,
  type ReducerResult,
  readDocumentIfPresent,
  readPart,
  readPlan,
  requireSame,
  runKeys,
  type Segment,
  type StageDeps,
  writeDocument,
} from '@mapreduce/shared-utils';
import { sumSegments } from './sum-segments';

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

function resultOf({ output: { outputBucket, outputKey } }: ReduceCommit): ReducerResult {
  return { outputBucket, outputKey };
}

async function readSegmentList(deps: StageDeps, plan: Plan, partition: number): Promise<readonly Segment[]> {
  const objectKey = runKeys(plan.runId).partition(partition);
  const list = await readPart(deps, plan, objectKey, parsePartitionSegments);
  requireSame(objectKey, 'partition', partition, list.partition);
  return list.segments;
}
