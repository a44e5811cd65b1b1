import { createLambdaHandler } from '@mapreduce/shared-utils/lambda';
import type { Handler } from 'aws-lambda';
import { createGroupingHandler } from './index';

export const handler: Handler = createLambdaHandler('grouping', process.env, createGroupingHandler);
