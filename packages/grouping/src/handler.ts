import { createLambdaDeps } from '@mapreduce/shared-utils/lambda';
import { createGroupingHandler } from './index';

export const handler = createGroupingHandler(createLambdaDeps('grouping', process.env));
