import {
  FORMAT_VERSION,
  fingerprintOf,
  type InputSplit,
  InvalidInputError,
  isPresent,
  manifestKey,
  OutputExistsError,
  type PinnedObject,
  type Plan,
  type PlannerEvent,
  type PlannerResult,
  parseExecutionInput,
  parsePlan,
  type RunConfiguration,
  readDocumentIfPresent,
  runKeys,
  type StageDeps,
  StoreUnavailableError,
  writeDocument,
  writeLines,
} from '@mapreduce/shared-utils';
import { draftPlan } from './draft-plan';
import { findInputs } from './find-inputs';
import { createRunConfiguration, deriveRunId } from './run-configuration';

/**
 * Finds, checks and pins the inputs, cuts them into splits and writes the plan. Whoever creates `plan.json`
 * has planned the run; a repeated attempt of the same execution returns that plan.
 */
export async function planRun(deps: StageDeps, event: PlannerEvent): Promise<PlannerResult> {
  const startedAt = deps.now().toISOString();
  const input = parseExecutionInput(event.input);
  const runId = input.runId ?? deriveRunId(event.executionId);
  const planned = await findPlan(deps, runId, event.executionId);
  if (planned !== null) return resultOf(deps, event, planned);

  const settings = createRunConfiguration(deps.config, input, runId);
  await requireFreeOutput(deps, settings);
  const inputs = await findInputs(deps.store, input);
  const { splits, ...draft } = draftPlan(inputs, event.machine, settings.splitBytes);
  const configuration = { ...settings, splitBytes: draft.splitBytes };

  const keys = await writeLists(deps, runId, inputs, splits);
  const plan: Plan = {
    version: FORMAT_VERSION,
    runId,
    executionId: event.executionId,
    startedAt,
    configuration,
    fingerprint: fingerprintOf(configuration),
    plannedBytes: draft.plannedBytes,
    inputCount: inputs.length,
    splitCount: splits.length,
    groupCount: draft.groupCount,
    ...keys,
  };
  return resultOf(deps, event, await commitPlan(deps, plan));
}

function resultOf({ config }: StageDeps, { machine }: PlannerEvent, plan: Plan): PlannerResult {
  const { runId, splitCount, splitsKey, groupCount, configuration } = plan;
  if (machine !== 'batch') return { runId, splits: numbersBelow(splitCount) };
  return {
    runId,
    tempBucket: config.bucketTemp,
    splitsKey,
    splitCount,
    groups: numbersBelow(groupCount),
    partitions: numbersBelow(configuration.numBuckets),
  };
}

function numbersBelow(count: number): number[] {
  return Array.from({ length: count }, (_, number) => number);
}

async function findPlan(
  { store, config }: StageDeps,
  runId: string,
  executionId: string,
): Promise<Plan | null> {
  const ref = { bucket: config.bucketTemp, objectKey: runKeys(runId).plan };
  const plan = await readDocumentIfPresent(store, ref, parsePlan);
  if (plan !== null && plan.executionId !== executionId) {
    throw new InvalidInputError(
      `execution input: field run_id: expected an id that no other execution has used, got "${runId}"; choose another or leave it out`,
    );
  }
  return plan;
}

/** Before any work, and before anything that is there could be overwritten. */
async function requireFreeOutput({ store }: StageDeps, configuration: RunConfiguration): Promise<void> {
  const ref = { bucket: configuration.outputBucket, objectKey: manifestKey(configuration.outputPrefix) };
  if (!(await isPresent(store, ref))) return;
  throw new OutputExistsError(
    `${store.uri(ref)}: expected no output yet, got one; choose another output_prefix`,
  );
}

/** The long lists go under names of this attempt, so that a twin cannot change them under the plan. */
async function writeLists(
  { store, config, newAttemptId }: StageDeps,
  runId: string,
  inputs: readonly PinnedObject[],
  splits: readonly InputSplit[],
): Promise<Pick<Plan, 'splitsKey' | 'splitIndexKey' | 'inputsKey'>> {
  const attempt = newAttemptId();
  const keyOf = (kind: 'splits' | 'splitIndex' | 'inputs') => runKeys(runId).attempt(kind, attempt);
  const refOf = (objectKey: string) => ({ bucket: config.bucketTemp, objectKey });
  const keys = { splitsKey: keyOf('splits'), splitIndexKey: keyOf('splitIndex'), inputsKey: keyOf('inputs') };
  const [index] = await Promise.all([
    writeLines(store, refOf(keys.splitsKey), splits),
    writeLines(store, refOf(keys.inputsKey), inputs),
  ]);
  await store.put(refOf(keys.splitIndexKey), index);
  return keys;
}

async function commitPlan(deps: StageDeps, plan: Plan): Promise<Plan> {
  const { store, config, log } = deps;
  const ref = { bucket: config.bucketTemp, objectKey: runKeys(plan.runId).plan };
  const isFirst = await writeDocument(store, ref, plan, { ifNoneMatch: true });
  if (!isFirst) return findTwin(deps, plan, store.uri(ref));
  log.info('run planned', {
    run_id: plan.runId,
    inputs: plan.inputCount,
    splits: plan.splitCount,
    bytes: plan.plannedBytes,
  });
  return plan;
}

async function findTwin(deps: StageDeps, { runId, executionId }: Plan, where: string): Promise<Plan> {
  const twin = await findPlan(deps, runId, executionId);
  if (twin !== null) return twin;
  throw new StoreUnavailableError(
    `${where}: expected the plan of another attempt, got none; try again later`,
  );
}
