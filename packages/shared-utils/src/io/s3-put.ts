import { PutObjectCommand } from '@aws-sdk/client-s3';
import { InputNotFoundError, StoreUnavailableError } from '../domain/errors';
import type { ObjectRef } from './object-store';
import { readBytes } from './read-object';
import { callOf, type S3Connection, targetOf } from './s3-connection';
import { type S3Call, statusOf } from './s3-errors';
import { readS3Object } from './s3-read';
import { createAttempt } from './s3-retry';

/** Writes a small object whole; `ObjectStore.put` says what the result means. */
export async function putS3Object(
  connection: S3Connection,
  ref: ObjectRef,
  bytes: Uint8Array,
  ifNoneMatch: boolean,
): Promise<boolean> {
  const call = callOf(ref, 's3:PutObject');
  const condition = ifNoneMatch ? { IfNoneMatch: '*' } : {};
  const command = new PutObjectCommand({ ...targetOf(ref), ...condition, Body: bytes });
  let attempts = 0;
  try {
    await createAttempt(
      connection,
      call,
    )((options, nth) => {
      attempts = nth;
      return connection.client.send(command, options);
    });
    return true;
  } catch (error) {
    if (!ifNoneMatch || statusOf((error as Error).cause) !== 412) throw error;
    // What stands there may be the work of an earlier attempt of ours, whose answer was lost.
    return attempts > 1 && holdsBytes(connection, ref, bytes, call);
  }
}

async function holdsBytes(
  connection: S3Connection,
  ref: ObjectRef,
  bytes: Uint8Array,
  { where }: S3Call,
): Promise<boolean> {
  const read = () => readS3Object(connection, ref, {}, callOf(ref, 's3:GetObject'));
  try {
    return Buffer.compare(await readBytes({ read }, ref), bytes) === 0;
  } catch (cause) {
    if (!(cause instanceof InputNotFoundError)) throw cause;
    throw new StoreUnavailableError(
      `${where}: expected the object that was in the way, got none; try again later`,
      { cause },
    );
  }
}
