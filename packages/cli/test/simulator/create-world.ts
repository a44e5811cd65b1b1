import type { ObjectStore } from '@mapreduce/shared-utils';
import type { TaskState } from '../../src/local/stages';
import type { World } from './step-functions';

const STATE_OF_FUNCTION: Record<string, TaskState> = {
  planner: 'Plan',
  mapper: 'MapSplit',
  grouping: 'Group',
  reducer: 'ReducePartition',
  committer: 'Commit',
};

/** The functions of a deployment by short names, in the place of their ARNs. */
export function createWorld(
  store: ObjectStore,
  invoke: (state: TaskState, payload: unknown) => Promise<unknown>,
  change: Partial<World> = {},
): World {
  const names = Object.keys(STATE_OF_FUNCTION);
  const arns = names.map((name) => [`${name[0]?.toUpperCase()}${name.slice(1)}FunctionArn`, name]);
  return {
    store,
    substitutions: { ...Object.fromEntries(arns), MaxConcurrency: '1000' },
    invoke: (arn, payload) => invoke(STATE_OF_FUNCTION[arn] as TaskState, payload),
    ...change,
  };
}
