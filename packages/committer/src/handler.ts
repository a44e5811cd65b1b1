import { createLambdaHandler } from '@mapreduce/shared-utils/lambda';
import type { Handler } from 'aws-lambda';
import { createCommitterHandler } from './index';

export const handler: Handler = createLambdaHandler('committer', process.env, createCommitterHandler);
