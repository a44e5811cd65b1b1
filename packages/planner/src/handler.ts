import { createLambdaDeps } from '@mapreduce/shared-utils/lambda';
import { createPlannerHandler } from './index';

export const handler = createPlannerHandler(createLambdaDeps('planner', process.env));
