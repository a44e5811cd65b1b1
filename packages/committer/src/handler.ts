import { createLambdaDeps } from '@mapreduce/shared-utils/lambda';
import { createCommitterHandler } from './index';

export const handler = createCommitterHandler(createLambdaDeps('committer', process.env));
