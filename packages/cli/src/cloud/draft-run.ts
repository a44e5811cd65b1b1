import { type DraftPlan, draftPlan, findInputs } from '@mapreduce/planner';
import {
  createDirectoryStore,
  type ExecutionInput,
  InvalidInputError,
  type ObjectStore,
  type PinnedObject,
  PlanLimitError,
} from '@mapreduce/shared-utils';
import { findLocalInputs } from '../local/local-inputs';
import type { ConnectionFlags } from './connect';
import { isS3Uri, toExecutionInput } from './s3-uri';

/** What a run over these inputs would be: on the Express machine where that holds it, else on the batch machine. */
export interface DraftRun {
  readonly inputs: readonly PinnedObject[];
  /** Objects that were named one by one. */
  readonly named: number;
  /** Keys under each prefix that was listed, whether or not they are inputs. */
  readonly listed: readonly number[];
  readonly machine: 'express' | 'batch';
  /** Why it is not the Express machine. */
  readonly limit: string | null;
  readonly plan: DraftPlan;
}

/** @throws InvalidInputError for a mixture of local paths and s3://, and whatever the planner throws */
export async function draftRun(
  args: readonly string[],
  splitBytes: number,
  flags: ConnectionFlags,
): Promise<DraftRun> {
  const remote = args.filter(isS3Uri);
  if (remote.length > 0 && remote.length < args.length) {
    throw new InvalidInputError('input: expected all local paths or all s3:// ones, got both');
  }
  const found = remote.length > 0 ? await findRemote(args, flags) : await findLocal(args);
  try {
    const plan = draftPlan(found.inputs, 'express', splitBytes);
    return { ...found, machine: 'express', limit: null, plan };
  } catch (error) {
    if (!(error instanceof PlanLimitError)) throw error;
    const plan = draftPlan(found.inputs, 'batch', splitBytes);
    return { ...found, machine: 'batch', limit: error.message, plan };
  }
}

type Found = Pick<DraftRun, 'inputs' | 'named' | 'listed'>;

/** As if they lay in a bucket, under one prefix. */
async function findLocal(args: readonly string[]): Promise<Found> {
  const { files } = await findLocalInputs(args);
  const store = createDirectoryStore(new Map(files.map(({ directory }) => [directory, directory])));
  const inputFiles = files.map(({ directory, key }) => ({ bucket: directory, key }));
  return { inputs: await findInputs(store, { inputFiles }), named: 0, listed: [files.length] };
}

async function findRemote(args: readonly string[], flags: ConnectionFlags): Promise<Found> {
  const { connectToS3 } = await import('./connect');
  const store = connectToS3(flags);
  try {
    return await findCounted(store, toExecutionInput(args));
  } finally {
    store.destroy();
  }
}

async function findCounted(store: ObjectStore, input: ExecutionInput): Promise<Found> {
  const listed: number[] = [];
  const counting: ObjectStore = {
    ...store,
    async *list(bucket, prefix) {
      const at = listed.push(0) - 1;
      for await (const object of store.list(bucket, prefix)) {
        listed[at] = (listed[at] ?? 0) + 1;
        yield object;
      }
    },
  };
  return { inputs: await findInputs(counting, input), named: input.inputFiles?.length ?? 0, listed };
}
