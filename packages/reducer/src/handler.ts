import { createLambdaDeps } from '@mapreduce/shared-utils/lambda';
import { createReducerHandler } from './index';

export const handler = createReducerHandler(createLambdaDeps('reducer', process.env));
