import { createLambdaHandler } from '@mapreduce/shared-utils/lambda';
import type { Handler } from 'aws-lambda';
import { createReducerHandler } from './index';

export const handler: Handler = createLambdaHandler('reducer', process.env, createReducerHandler);
