import { HeadObjectCommand, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { ObjectRef, ObjectStat, ObjectStore } from './object-store';
import { callOf, connectS3, type S3Connection, type S3Settings, s3Uri, targetOf } from './s3-connection';
import { deleteS3Objects } from './s3-delete';
import { required } from './s3-errors';
import { listS3Objects } from './s3-list';
import { putS3Object } from './s3-put';
import { readS3Object } from './s3-read';
import { createAttempt } from './s3-retry';
import { createS3Writer } from './s3-writer';

export interface S3Store extends ObjectStore {
  /** Closes the connections that are kept for the next request. */
  destroy(): void;
}

/** Objects in S3, with the region and the credentials of the environment where `clientConfig` names none. */
export function createS3Store(
  clientConfig: S3ClientConfig = {},
  settings: Partial<S3Settings> = {},
): S3Store {
  const connection = connectS3(clientConfig, settings);
  return {
    head: (ref, options = {}) => headS3Object(connection, ref, options.versionId),
    read: (ref, options = {}) =>
      readS3Object(connection, ref, options, callOf(ref, readPermission(options.versionId))),
    put: (ref, bytes, { ifNoneMatch = false } = {}) => putS3Object(connection, ref, bytes, ifNoneMatch),
    createWriter: (ref) => createS3Writer(connection, ref),
    list: (bucket, prefix) => listS3Objects(connection, bucket, prefix),
    delete: (refs) => deleteS3Objects(connection, refs),
    uri: s3Uri,
    destroy: () => connection.client.destroy(),
  };
}

async function headS3Object(
  connection: S3Connection,
  ref: ObjectRef,
  versionId: string | undefined,
): Promise<ObjectStat> {
  const call = callOf(ref, readPermission(versionId));
  const command = new HeadObjectCommand({ ...targetOf(ref), VersionId: versionId });
  return createAttempt(
    connection,
    call,
  )(async (options) => {
    const answer = await connection.client.send(command, options);
    return {
      size: required(answer.ContentLength, call, 'a Content-Length'),
      etag: required(answer.ETag, call, 'an ETag'),
      ...(answer.VersionId !== undefined && { versionId: answer.VersionId }),
    };
  });
}

function readPermission(versionId: string | undefined): string {
  return versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion';
}
