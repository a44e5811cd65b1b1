import { createLambdaHandler } from '@mapreduce/shared-utils/lambda';
import type { Handler } from 'aws-lambda';
import { createMapperHandler } from './index';

export const handler: Handler = createLambdaHandler('mapper', process.env, createMapperHandler);
