import { DeleteObjectsCommand, type DeleteObjectsCommandOutput } from '@aws-sdk/client-s3';
import { StoreAccessError, StoreUnavailableError } from '../domain/errors';
import { escapeUnprintable, quote } from '../domain/quote';
import type { ObjectRef } from './object-store';
import type { S3Connection } from './s3-connection';
import type { S3Call } from './s3-errors';
import { createAttempt } from './s3-retry';

/** The most that one request takes. */
const BATCH = 1000;

export async function deleteS3Objects(connection: S3Connection, refs: readonly ObjectRef[]): Promise<void> {
  for (const [bucket, keys] of keysByBucket(refs)) {
    const call = { where: escapeUnprintable(`s3://${bucket}`), permission: 's3:DeleteObject' };
    const attempt = createAttempt(connection, call);
    for (let at = 0; at < keys.length; at += BATCH) {
      const Objects = keys.slice(at, at + BATCH).map((Key) => ({ Key }));
      const command = new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } });
      await attempt(async (options) => requireDeleted(await connection.client.send(command, options), call));
    }
  }
}

function keysByBucket(refs: readonly ObjectRef[]): Map<string, string[]> {
  const keys = new Map<string, string[]>();
  for (const { bucket, objectKey } of refs) {
    const known = keys.get(bucket);
    if (known === undefined) keys.set(bucket, [objectKey]);
    else known.push(objectKey);
  }
  return keys;
}

/** The request succeeds even where none of its keys was deleted. */
function requireDeleted({ Errors = [] }: DeleteObjectsCommandOutput, { where, permission }: S3Call): void {
  const [first] = Errors;
  if (first === undefined) return;
  const failed = `${where}: ${Errors.length} objects not deleted, the first ${quote(first.Key ?? '')} (${first.Code}: ${first.Message})`;
  if (first.Code === 'AccessDenied')
    throw new StoreAccessError(`${failed}; check the permission ${permission}`);
  throw new StoreUnavailableError(`${failed}; try again later`);
}
