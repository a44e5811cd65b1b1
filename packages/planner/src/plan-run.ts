import {
  concatBytes,
  FORMAT_VERSION,
  fingerprintOf,
  formatDocument,
  formatLineIndex,
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
} from '@mapreduce/shared-utils';
import { cutSplits } from './cut-splits';
import { requireExpressFits } from './express-limits';
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
  if (planned !== null) return resultOf(planned);

  const configuration = createRunConfiguration(deps.config, input, runId);
  await requireFreeOutput(deps, configuration);
  const inputs = await findInputs(deps.store, input);
  const splits = cutSplits(inputs, configuration.splitBytes);
  if (event.machine === 'express') requireExpressFits(splits);

  const keys = await writeLists(deps, runId, inputs, splits);
  const plan: Plan = {
    version: FORMAT_VERSION,
    runId,
    executionId: event.executionId,
    startedAt,
    configuration,
    fingerprint: fingerprintOf(configuration),
    plannedBytes: inputs.reduce((sum, { size }) => sum + size, 0),
    inputCount: inputs.length,
    splitCount: splits.length,
    groupCount: 1,
    ...keys,
  };
  return resultOf(await commitPlan(deps, plan));
}

function resultOf({ runId, splitCount }: Plan): PlannerResult {
  return { runId, splits: Array.from({ length: splitCount }, (_, split) => split) };
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
  const keys = runKeys(runId);
  const splitsKey = keys.attempt('splits', attempt);
  const splitIndexKey = keys.attempt('splitIndex', attempt);
  const inputsKey = keys.attempt('inputs', attempt);
  const splitLines = formatLines(splits);
  const write = (objectKey: string, bytes: Uint8Array) =>
    store.put({ bucket: config.bucketTemp, objectKey }, bytes);
  await Promise.all([
    write(splitsKey, concatBytes(splitLines)),
    write(splitIndexKey, formatLineIndex(splitLines)),
    write(inputsKey, concatBytes(formatLines(inputs))),
  ]);
  return { splitsKey, splitIndexKey, inputsKey };
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

function formatLines(documents: readonly (PinnedObject | InputSplit)[]): Uint8Array[] {
  const encoder = new TextEncoder();
  return documents.map((document) => encoder.encode(`${formatDocument(document)}\n`));
}
