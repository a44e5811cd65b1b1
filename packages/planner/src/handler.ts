import { createLambdaHandler } from '@mapreduce/shared-utils/lambda';
import type { Handler } from 'aws-lambda';
import { createPlannerHandler } from './index';

export const handler: Handler = createLambdaHandler('planner', process.env, createPlannerHandler);
