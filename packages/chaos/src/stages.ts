import { createCommitterHandler } from '@mapreduce/committer';
import { createGroupingHandler } from '@mapreduce/grouping';
import { createMapperHandler } from '@mapreduce/mapper';
import { createPlannerHandler } from '@mapreduce/planner';
import { createReducerHandler } from '@mapreduce/reducer';

/** The handlers that run in Lambda, by the name of the Task state that invokes them. */
export const createHandlerByState = {
  Plan: createPlannerHandler,
  MapSplit: createMapperHandler,
  Group: createGroupingHandler,
  ReducePartition: createReducerHandler,
  Commit: createCommitterHandler,
} as const;

export type TaskState = keyof typeof createHandlerByState;

export const taskStates = Object.keys(createHandlerByState) as TaskState[];
