import { createLambdaDeps } from '@mapreduce/shared-utils/lambda';
import type { Handler } from 'aws-lambda';
import { createReducerHandler } from './index';

export const handler: Handler = createReducerHandler(createLambdaDeps('reducer', process.env));
