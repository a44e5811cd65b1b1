import { createLambdaDeps } from '@mapreduce/shared-utils/lambda';
import type { Handler } from 'aws-lambda';
import { createPlannerHandler } from './index';

export const handler: Handler = createPlannerHandler(createLambdaDeps('planner', process.env));
