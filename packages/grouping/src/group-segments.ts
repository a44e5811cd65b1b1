import {
  addTallies,
  EMPTY_TALLY,
  FORMAT_VERSION,
  type GroupingEvent,
  type GroupingResult,
  type GroupSummary,
  type MapCommit,
  mapConcurrently,
  type PartitionSegments,
  type Plan,
  parseMapCommit,
  readPart,
  readPlan,
  requireBelow,
  requireSame,
  runKeys,
  type Segment,
  type StageDeps,
  writeDocument,
  writeLines,
} from '@mapreduce/shared-utils';

/** Small reads in flight at once. */
const CONCURRENT_REQUESTS = 64;

/**
 * Regroups the segments of a group of splits from by-split to by-partition. Reads the commit records that the
 * plan names, and nothing else; one that is missing or belongs to another plan fails the run.
 */
export async function groupSegments(
  deps: StageDeps,
  { runId, group }: GroupingEvent,
): Promise<GroupingResult> {
  const plan = await readPlan(deps, runId);
  requireBelow(`run ${runId}`, 'group', plan.groupCount, group);
  const commits = await mapConcurrently(splitsOf(plan, group), CONCURRENT_REQUESTS, (split) =>
    readCommit(deps, plan, split),
  );
  const byPartition = toPartitions(plan, commits);
  await writePartitions(deps, plan, group, byPartition);
  const partitions = [...byPartition.keys()].filter((partition) => byPartition[partition]?.length !== 0);
  const summary = summarize(plan, group, partitions, commits);
  const objectKey = runKeys(runId).groupSummary(group);
  await writeDocument(deps.store, { bucket: deps.config.bucketTemp, objectKey }, summary);
  deps.log.info('splits grouped', {
    run_id: runId,
    group,
    splits: commits.length,
    partitions: partitions.length,
  });
  return { group, partitions };
}

function splitsOf({ splitCount, groupCount }: Plan, group: number): number[] {
  const length = Math.ceil(splitCount / groupCount);
  const first = group * length;
  return Array.from({ length: Math.max(0, Math.min(length, splitCount - first)) }, (_, at) => first + at);
}

async function readCommit(deps: StageDeps, plan: Plan, split: number): Promise<MapCommit> {
  const objectKey = runKeys(plan.runId).mapCommit(split);
  const commit = await readPart(deps, plan, objectKey, parseMapCommit);
  requireSame(objectKey, 'split', split, commit.split);
  return commit;
}

/** Splits in order, so that the lists are the same whatever order the mappers ran in. */
function toPartitions({ runId, configuration }: Plan, commits: readonly MapCommit[]): Segment[][] {
  const byPartition = Array.from({ length: configuration.numBuckets }, (): Segment[] => []);
  for (const { split, shuffleKey, segments } of commits) {
    for (const { partition, offset, length } of segments) {
      requireBelow(runKeys(runId).mapCommit(split), 'partition', configuration.numBuckets, partition);
      byPartition[partition]?.push({ key: shuffleKey, offset, length });
    }
  }
  return byPartition;
}

/** A line for every partition, so that none can be missed; two tries at it write the same. */
async function writePartitions(
  { store, config }: StageDeps,
  { runId, fingerprint }: Plan,
  group: number,
  byPartition: readonly Segment[][],
): Promise<void> {
  const keys = runKeys(runId);
  const refOf = (objectKey: string) => ({ bucket: config.bucketTemp, objectKey });
  const documents = byPartition.map(
    (segments, partition): PartitionSegments => ({
      version: FORMAT_VERSION,
      runId,
      group,
      partition,
      fingerprint,
      segments,
    }),
  );
  const index = await writeLines(store, refOf(keys.partitions(group)), documents);
  await store.put(refOf(keys.partitionIndex(group)), index);
}

function summarize(
  { runId, fingerprint }: Plan,
  group: number,
  partitions: number[],
  commits: readonly MapCommit[],
): GroupSummary {
  return {
    version: FORMAT_VERSION,
    runId,
    group,
    fingerprint,
    partitions,
    bytesRead: commits.reduce((sum, commit) => sum + commit.bytesRead, 0),
    records: commits.reduce((sum, commit) => addTallies(sum, commit.records), EMPTY_TALLY),
    rejects: commits.flatMap(({ rejects }) => rejects ?? []),
    firstReject: commits.find(({ firstReject }) => firstReject !== null)?.firstReject ?? null,
  };
}
