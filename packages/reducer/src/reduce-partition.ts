import {
  FORMAT_VERSION,
  mapConcurrently,
  type Plan,
  parseReduceCommit,
  type ReduceCommit,
  type ReducerEvent,
  type ReducerResult,
  readDocumentIfPresent,
  readPartitionSegments,
  readPlan,
  runKeys,
  type Segment,
  type StageDeps,
  writeDocument,
} from '@mapreduce/shared-utils';
import { sumSegments } from './sum-segments';

const GROUPS_AT_ONCE = 16;

/**
 * Sums the segments of one partition and writes `bucket_<p>.json`, sorted by UTF-8 bytes, then its commit
 * record. The same segments give the same bytes, so a second attempt changes nothing. A partition without a URL
 * has neither: null.
 */
export async function reducePartition(
  deps: StageDeps,
  { runId, partition }: ReducerEvent,
): Promise<ReducerResult | null> {
  const { store, config, log } = deps;
  const keys = runKeys(runId);
  const commitRef = { bucket: config.bucketTemp, objectKey: keys.reduceCommit(partition) };
  const done = await readDocumentIfPresent(store, commitRef, parseReduceCommit);
  if (done !== null) return resultOf(done);

  const plan = await readPlan(deps, runId);
  const sum = await sumSegments(deps, plan, partition, listSegments(deps, plan, partition));
  if (sum === null) return null;
  const commit: ReduceCommit = {
    version: FORMAT_VERSION,
    runId,
    partition,
    attempt: deps.newAttemptId(),
    fingerprint: plan.fingerprint,
    ...sum,
  };
  await writeDocument(store, commitRef, commit, { ifNoneMatch: true });
  const { unique, total } = commit.output;
  log.info('partition reduced', { run_id: runId, partition, unique, total });
  deps.onWorkDone?.({ partitions: 1, urls: unique });
  return resultOf(commit);
}

function resultOf({ output: { outputBucket, outputKey } }: ReduceCommit): ReducerResult {
  return { outputBucket, outputKey };
}

/** Some groups at a time, so that no long list is in memory and none is long waited for. */
async function* listSegments(deps: StageDeps, plan: Plan, partition: number): AsyncGenerator<Segment> {
  for (let first = 0; first < plan.groupCount; first += GROUPS_AT_ONCE) {
    const count = Math.min(GROUPS_AT_ONCE, plan.groupCount - first);
    const groups = Array.from({ length: count }, (_, at) => first + at);
    const lists = await mapConcurrently(groups, GROUPS_AT_ONCE, (group) =>
      readPartitionSegments(deps, plan, group, partition),
    );
    for (const segments of lists) yield* segments;
  }
}
