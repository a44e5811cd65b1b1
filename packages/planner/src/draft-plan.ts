import type { InputSplit, PinnedObject, PlannerEvent } from '@mapreduce/shared-utils';
import { cutSplits } from './cut-splits';
import { chooseSplitBytes, countGroups, requireFits } from './machine-limits';

/** In which pieces a state machine would have the inputs counted. */
export interface DraftPlan {
  readonly splits: readonly InputSplit[];
  /** The most that one of them has, unless it is one compressed object. */
  readonly splitBytes: number;
  readonly plannedBytes: number;
  readonly groupCount: number;
}

/** @throws PlanLimitError where that state machine could not hold them, or finish in time */
export function draftPlan(
  inputs: readonly PinnedObject[],
  machine: PlannerEvent['machine'],
  minSplitBytes: number,
): DraftPlan {
  const plannedBytes = inputs.reduce((sum, { size }) => sum + size, 0);
  const splitBytes = chooseSplitBytes(machine, minSplitBytes, plannedBytes);
  const splits = cutSplits(inputs, splitBytes);
  requireFits(machine, splits);
  return { splits, splitBytes, plannedBytes, groupCount: countGroups(machine, splits.length) };
}
