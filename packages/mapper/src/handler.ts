import { createLambdaDeps } from '@mapreduce/shared-utils/lambda';
import { createMapperHandler } from './index';

export const handler = createMapperHandler(createLambdaDeps('mapper', process.env));
