import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { Logger } from '@aws-lambda-powertools/logger';
import { readConfig } from './config';
import { createS3Store } from './s3-store';
import { createDirectoryScratch } from './scratch';
import type { StageDeps } from './stage-deps';

/** The composition root of a Lambda: made once per environment, from its variables alone. */
export function createLambdaDeps(stage: string, env: NodeJS.ProcessEnv): StageDeps {
  const logger = new Logger({ serviceName: stage });
  return {
    store: createS3Store(),
    scratch: createDirectoryScratch(
      tmpdir(),
      'use more num_buckets, or give the function more ephemeral storage',
    ),
    config: readConfig(env),
    log: {
      debug: (message, fields = {}) => logger.debug(message, fields),
      info: (message, fields = {}) => logger.info(message, fields),
      warn: (message, fields = {}) => logger.warn(message, fields),
      error: (message, fields = {}) => logger.error(message, fields),
    },
    now: () => new Date(),
    newAttemptId: randomUUID,
  };
}
