import {
  type CommitterEvent,
  type CommitterResult,
  FORMAT_VERSION,
  HASH_VERSION,
  type Manifest,
  manifestKey,
  mapConcurrently,
  type ObjectRef,
  OutputExistsError,
  type PinnedObject,
  type Plan,
  parseGroupSummary,
  parseManifest,
  parsePinnedObject,
  parseReduceCommit,
  type ReduceCommit,
  readDocumentIfPresent,
  readPart,
  readPlan,
  readText,
  readWritten,
  rejectsKey,
  requireSame,
  runKeys,
  type StageDeps,
  StoreUnavailableError,
  writeDocument,
} from '@mapreduce/shared-utils';
import { type Groups, mergeGroups } from './merge-groups';
import { mergeTop } from './merge-top';
import { publishRejects } from './publish-rejects';
import { requireBalance, requireWithinErrorBudget } from './verdict';

/** Small requests in flight at once. */
const CONCURRENT_REQUESTS = 64;

/** S3 deletes this many objects a request. */
const DELETE_BATCH = 1000;

/**
 * Balances the ledger, publishes the rejects, judges the error budget and writes `manifest.json` last:
 * without it there is no result. Then deletes the run's temporary objects. Repeating it changes nothing.
 */
export async function commitRun(deps: StageDeps, { runId }: CommitterEvent): Promise<CommitterResult> {
  const plan = await readPlan(deps, runId);
  const ref = {
    bucket: plan.configuration.outputBucket,
    objectKey: manifestKey(plan.configuration.outputPrefix),
  };
  const earlier = await findOwnManifest(deps, ref, runId);
  const manifest = earlier ?? (await publishUnlessDone(deps, plan, ref));
  await tidyUp(deps, runId);
  deps.log.info('run committed', { run_id: runId, ...manifest.counts, bad: manifest.records.bad });
  return {
    manifestBucket: ref.bucket,
    manifestKey: ref.objectKey,
    lines: manifest.records.lines,
    unique: manifest.counts.unique,
    total: manifest.counts.total,
  };
}

/**
 * A twin that is faster commits the run and deletes what this attempt still has to read; and the answer to the
 * last write can be lost. The result stands all the same, and must not be reported as a failure.
 */
async function publishUnlessDone(deps: StageDeps, plan: Plan, ref: ObjectRef): Promise<Manifest> {
  try {
    return await publish(deps, plan, ref);
  } catch (error) {
    const own = await findOwnManifest(deps, ref, plan.runId).catch(() => null);
    if (own === null) throw error;
    return own;
  }
}

async function publish(deps: StageDeps, plan: Plan, ref: ObjectRef): Promise<Manifest> {
  const groups = await readGroups(deps, plan);
  const reduced = await mapConcurrently(groups.partitions, CONCURRENT_REQUESTS, (partition) =>
    readReduceCommit(deps, plan, partition),
  );
  requireBalance(plan, groups, reduced);
  await publishRejects(deps, plan, groups);
  requireWithinErrorBudget(plan, groups);
  const inputs = await readInputs(deps, plan);
  requireSame(plan.inputsKey, 'inputs', plan.inputCount, inputs.length);

  const manifest = createManifest(plan, groups, reduced, inputs, deps.now());
  const isFirst = await writeDocument(deps.store, ref, manifest, { ifNoneMatch: true, indent: 2 });
  const published = isFirst ? manifest : await findOwnManifest(deps, ref, plan.runId);
  if (published !== null) return published;
  throw new StoreUnavailableError(
    `${deps.store.uri(ref)}: expected the manifest of another attempt, got none; try again later`,
  );
}

function createManifest(
  plan: Plan,
  groups: Groups,
  reduced: readonly ReduceCommit[],
  inputs: PinnedObject[],
  finishedAt: Date,
): Manifest {
  const outputs = reduced.map(({ output }) => output);
  return {
    version: FORMAT_VERSION,
    runId: plan.runId,
    configuration: { ...plan.configuration, hashVersion: HASH_VERSION },
    inputs,
    bytesRead: groups.bytesRead,
    records: groups.records,
    counts: {
      unique: outputs.reduce((sum, { unique }) => sum + unique, 0),
      total: outputs.reduce((sum, { total }) => sum + total, 0),
    },
    outputs,
    rejects: groups.rejects.map(({ split, written }) => ({
      split,
      key: rejectsKey(plan.configuration.outputPrefix, split),
      written,
    })),
    top: mergeTop(reduced),
    timings: {
      startedAt: plan.startedAt,
      finishedAt: finishedAt.toISOString(),
      elapsedMs: Math.max(0, finishedAt.getTime() - Date.parse(plan.startedAt)),
    },
  };
}

/** @throws OutputExistsError when another run has published there */
async function findOwnManifest(
  { store }: StageDeps,
  ref: ObjectRef,
  runId: string,
): Promise<Manifest | null> {
  const manifest = await readDocumentIfPresent(store, ref, parseManifest);
  if (manifest === null || manifest.runId === runId) return manifest;
  throw new OutputExistsError(
    `${store.uri(ref)}: expected no output yet, got that of run ${manifest.runId}; choose another output_prefix`,
  );
}

/** What all groups of splits hold together, in the order of the splits. */
async function readGroups(deps: StageDeps, plan: Plan): Promise<Groups> {
  const numbers = Array.from({ length: plan.groupCount }, (_, group) => group);
  const summaries = await mapConcurrently(numbers, CONCURRENT_REQUESTS, async (group) => {
    const objectKey = runKeys(plan.runId).groupSummary(group);
    const summary = await readPart(deps, plan, objectKey, parseGroupSummary);
    requireSame(objectKey, 'group', group, summary.group);
    return summary;
  });
  return mergeGroups(summaries);
}

async function readReduceCommit(deps: StageDeps, plan: Plan, partition: number): Promise<ReduceCommit> {
  const objectKey = runKeys(plan.runId).reduceCommit(partition);
  const commit = await readPart(deps, plan, objectKey, parseReduceCommit);
  requireSame(objectKey, 'partition', partition, commit.partition);
  return commit;
}

async function readInputs({ store, config }: StageDeps, plan: Plan): Promise<PinnedObject[]> {
  const ref = { bucket: config.bucketTemp, objectKey: plan.inputsKey };
  const text = await readWritten(store, ref, () => readText(store, ref));
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line, index) => parsePinnedObject(`${store.uri(ref)}: line ${index + 1}`, line));
}

/**
 * The result stands, so a failure here must not fail the run: the bucket's expiry deletes what is left.
 * `plan.json` stays: it keeps the run id taken, and lets a repeated commit find the manifest.
 */
async function tidyUp(deps: StageDeps, runId: string): Promise<void> {
  try {
    await deleteTemporaryObjects(deps, runId);
  } catch (error) {
    deps.log.warn('temporary objects were left to expire', { run_id: runId, error });
  }
}

async function deleteTemporaryObjects({ store, config }: StageDeps, runId: string): Promise<void> {
  const keys = runKeys(runId);
  let batch: ObjectRef[] = [];
  for await (const { objectKey } of store.list(config.bucketTemp, keys.prefix)) {
    if (objectKey !== keys.plan) batch.push({ bucket: config.bucketTemp, objectKey });
    if (batch.length < DELETE_BATCH) continue;
    await store.delete(batch);
    batch = [];
  }
  await store.delete(batch);
}
