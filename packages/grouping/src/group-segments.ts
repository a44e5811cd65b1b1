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
  requireSame,
  runKeys,
  type Segment,
  type StageDeps,
  writeDocument,
} from '@mapreduce/shared-utils';

/** Small reads and writes in flight at once. */
const CONCURRENT_REQUESTS = 64;

/**
 * Regroups the segments from by-split to by-partition. Reads the commit record of every split the plan
 * names, and nothing else; one that is missing or belongs to another plan fails the run.
 */
export async function groupSegments(deps: StageDeps, { runId }: GroupingEvent): Promise<GroupingResult> {
  const plan = await readPlan(deps, runId);
  const splits = Array.from({ length: plan.splitCount }, (_, split) => split);
  const commits = await mapConcurrently(splits, CONCURRENT_REQUESTS, (split) =>
    readCommit(deps, plan, split),
  );
  const byPartition = toPartitions(commits);
  const partitions = [...byPartition.keys()].sort((a, b) => a - b);
  await mapConcurrently(partitions, CONCURRENT_REQUESTS, (partition) =>
    writePartition(deps, plan, partition, byPartition.get(partition) ?? []),
  );
  const summary = summarize(plan, partitions, commits);
  await write(deps, runKeys(runId).groups, summary);
  deps.log.info('splits grouped', { run_id: runId, splits: splits.length, partitions: partitions.length });
  return { partitions };
}

async function readCommit(deps: StageDeps, plan: Plan, split: number): Promise<MapCommit> {
  const objectKey = runKeys(plan.runId).mapCommit(split);
  const commit = await readPart(deps, plan, objectKey, parseMapCommit);
  requireSame(objectKey, 'split', split, commit.split);
  return commit;
}

/** Splits in order, so that the lists are the same whatever order the mappers ran in. */
function toPartitions(commits: readonly MapCommit[]): Map<number, Segment[]> {
  const byPartition = new Map<number, Segment[]>();
  for (const { segments } of commits) {
    for (const { partition, ...segment } of segments) {
      const list = byPartition.get(partition);
      if (list === undefined) byPartition.set(partition, [segment]);
      else list.push(segment);
    }
  }
  return byPartition;
}

function summarize(
  { runId, fingerprint }: Plan,
  partitions: number[],
  commits: readonly MapCommit[],
): GroupSummary {
  return {
    version: FORMAT_VERSION,
    runId,
    fingerprint,
    partitions,
    bytesRead: commits.reduce((sum, commit) => sum + commit.bytesRead, 0),
    records: commits.reduce((sum, commit) => addTallies(sum, commit.records), EMPTY_TALLY),
    rejects: commits.flatMap(({ rejects }) => rejects ?? []),
    firstReject: commits.find(({ firstReject }) => firstReject !== null)?.firstReject ?? null,
  };
}

async function writePartition(
  deps: StageDeps,
  { runId, fingerprint }: Plan,
  partition: number,
  segments: Segment[],
): Promise<void> {
  const document: PartitionSegments = { version: FORMAT_VERSION, runId, partition, fingerprint, segments };
  await write(deps, runKeys(runId).partition(partition), document);
}

async function write({ store, config }: StageDeps, objectKey: string, document: object): Promise<void> {
  await writeDocument(store, { bucket: config.bucketTemp, objectKey }, document);
}
