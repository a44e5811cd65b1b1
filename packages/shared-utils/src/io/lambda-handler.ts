import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { Logger } from '@aws-lambda-powertools/logger';
import { readConfig } from './config';
import { createLambdaMetrics, type LambdaMetrics } from './lambda-metrics';
import { createS3Store } from './s3-store';
import { createDirectoryScratch } from './scratch';
import type { StageDeps } from './stage-deps';

type StageHandler = (event: unknown) => Promise<unknown>;

/**
 * The composition root of a Lambda: made once per environment, from its variables alone. Every log line of an
 * invocation says what it was about, and one more line holds its metrics, however it ends.
 */
export function createLambdaHandler(
  stage: string,
  env: NodeJS.ProcessEnv,
  createHandler: (deps: StageDeps) => StageHandler,
): (event: unknown, context?: Parameters<Logger['addContext']>[0]) => Promise<unknown> {
  const logger = new Logger({ serviceName: stage });
  const metrics = createLambdaMetrics(stage);
  const handle = createHandler(createLambdaDeps(env, logger, metrics));
  return async (event, context) => {
    const subject = subjectOf(event);
    logger.resetKeys();
    if (context !== undefined) logger.addContext(context);
    logger.appendKeys(subject);
    const started = performance.now();
    let result: unknown;
    try {
      result = await handle(event);
      return result;
    } catch (error) {
      // The runtime logs the rest, without a word about the run. Not here: a message may quote a record.
      logger.error('invocation failed', { error: error instanceof Error ? error.name : typeof error });
      throw error;
    } finally {
      metrics.publish(performance.now() - started, { ...subject, ...subjectOf(result) });
    }
  };
}

/** What an event, or the planner's result, says of the work; nothing of it has been checked yet. */
function subjectOf(document: unknown): Record<string, string | number> {
  const fields = Object(document) as Record<string, unknown>;
  const known = ['run_id', 'execution_id', 'split', 'group', 'partition'].map((name) => [name, fields[name]]);
  return Object.fromEntries(known.filter(([, value]) => ['string', 'number'].includes(typeof value)));
}

function createLambdaDeps(env: NodeJS.ProcessEnv, logger: Logger, metrics: LambdaMetrics): StageDeps {
  return {
    store: createS3Store({}, { onRetry: () => metrics.add({ storeRetries: 1 }) }),
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
    onWorkDone: (work) => metrics.add(work),
  };
}
