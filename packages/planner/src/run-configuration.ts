import { createHash } from 'node:crypto';
import {
  type ExecutionInput,
  InvalidInputError,
  quote,
  type RunConfiguration,
  type StageConfig,
} from '@mapreduce/shared-utils';

/** The deployment's settings with what this execution overrides. @throws InvalidInputError */
export function createRunConfiguration(
  config: StageConfig,
  input: ExecutionInput,
  runId: string,
): RunConfiguration {
  return {
    numBuckets: input.numBuckets ?? config.numBuckets,
    urlField: input.urlField ?? config.urlField,
    splitBytes: config.splitBytes,
    maxLineBytes: config.maxLineBytes,
    tableBytes: config.tableBytes,
    maxDecompressedBytes: config.maxDecompressedBytes,
    maxBadRecords: input.maxBadRecords ?? config.maxBadRecords,
    maxBadRatio: input.maxBadRatio ?? config.maxBadRatio,
    outputBucket: config.bucketOutput,
    outputPrefix: toPrefix(input.outputPrefix ?? toPrefix(config.outputPrefix) + runId),
  };
}

/**
 * The run id of an execution that names none: the same for every attempt at it, another for any other.
 * Two Express executions may share a name, so the whole id is hashed in.
 */
export function deriveRunId(executionId: string): string {
  const parts = executionId.split(':');
  const name = (executionId.startsWith('arn:') ? parts[7] : parts.at(-1)) ?? '';
  const safeName = name
    .replace(/[^A-Za-z0-9_-]/g, '-')
    .replace(/^[_-]+/, '')
    .slice(0, 80);
  const digest = createHash('sha256').update(executionId).digest('hex').slice(0, 8);
  return safeName === '' ? digest : `${safeName}-${digest}`;
}

function toPrefix(path: string): string {
  const prefix = path.replace(/\/+$/, '');
  const segments = prefix.split('/');
  if (prefix !== '' && segments.some((segment) => ['', '.', '..'].includes(segment))) {
    throw new InvalidInputError(
      `execution input: field output_prefix: expected a relative path like "reports/2025-12", got ${quote(path)}`,
    );
  }
  return prefix === '' ? '' : `${prefix}/`;
}
