import { setTimeout as delay } from 'node:timers/promises';
import {
  DeleteObjectsCommand,
  type DeleteObjectsCommandOutput,
  HeadObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { InputNotFoundError, StoreUnavailableError } from '../domain/errors';
import { escapeUnprintable, quote } from '../domain/quote';
import type { ListedObject, ObjectRef, ObjectStore } from './object-store';
import { required, type S3Attempt, type S3Call, statusOf, toStoreError } from './s3-errors';
import { readS3Object } from './s3-read';
import { createS3Writer } from './s3-writer';

/** The most that one DeleteObjects request takes. */
const DELETE_BATCH = 1000;

/** Attempts at a conditional put that meets another one on its way. */
const MAX_CONFLICTS = 5;

export interface S3StoreOptions {
  /** A read that gets no byte for this long is resumed, a few times. */
  readonly idleTimeoutMs?: number;
  /** Any other request ends after this long, with the client's own retries. */
  readonly requestTimeoutMs?: number;
  /** Mean pause before the first retry of ours; it doubles for each further one. */
  readonly retryDelayMs?: number;
}

/** Objects in S3. The client brings region, credentials and the retries of single requests. */
export function createS3Store(
  client: S3Client,
  { idleTimeoutMs = 30_000, requestTimeoutMs = 120_000, retryDelayMs = 100 }: S3StoreOptions = {},
): ObjectStore {
  const attempting =
    (call: S3Call): S3Attempt =>
    async (send) => {
      try {
        return await send({ abortSignal: AbortSignal.timeout(requestTimeoutMs) });
      } catch (error) {
        throw toStoreError(error, call);
      }
    };

  const putOnce = async (
    attempt: S3Attempt,
    command: PutObjectCommand,
  ): Promise<'done' | 'taken' | 'conflict'> => {
    try {
      await attempt((options) => client.send(command, options));
      return 'done';
    } catch (error) {
      const status = statusOf((error as Error).cause);
      if (status === 412) return 'taken';
      if (status === 409) return 'conflict';
      throw error;
    }
  };

  return {
    async head(ref) {
      const command = new HeadObjectCommand({ Bucket: ref.bucket, Key: ref.objectKey });
      const call = { where: place(ref), permission: 's3:GetObject' };
      const answer = await attempting(call)((options) => client.send(command, options));
      return {
        size: required(answer.ContentLength, call, 'a Content-Length'),
        etag: required(answer.ETag, call, 'an ETag'),
        ...(answer.VersionId !== undefined && { versionId: answer.VersionId }),
      };
    },

    read(ref, options = {}) {
      const permission = options.versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion';
      const settings = { idleTimeoutMs, retryDelayMs };
      return readS3Object(client, ref, options, { where: place(ref), permission }, settings);
    },

    async put(ref, bytes, { ifNoneMatch = false } = {}) {
      const attempt = attempting({ where: place(ref), permission: 's3:PutObject' });
      const input = { Bucket: ref.bucket, Key: ref.objectKey, Body: bytes };
      const command = new PutObjectCommand({ ...input, ...(ifNoneMatch && { IfNoneMatch: '*' }) });
      for (let conflicts = 0; ; conflicts++) {
        const outcome = await putOnce(attempt, command);
        if (outcome !== 'conflict') return outcome === 'done';
        if (conflicts === MAX_CONFLICTS) {
          throw new StoreUnavailableError(
            `${place(ref)}: got 409 to ${conflicts + 1} conditional puts; try again later`,
          );
        }
        await delay(retryDelayMs * 2 ** conflicts * 2 * Math.random());
      }
    },

    createWriter(ref) {
      return createS3Writer(client, ref, attempting({ where: place(ref), permission: 's3:PutObject' }));
    },

    async *list(bucket, prefix) {
      const call = { where: place({ bucket, objectKey: prefix }), permission: 's3:ListBucket' };
      for (let token: string | undefined; ; ) {
        const command = new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: prefix,
          EncodingType: 'url',
          ContinuationToken: token,
        });
        const page = await attempting(call)((options) => client.send(command, options));
        yield* listedObjects(page, call);
        token = page.NextContinuationToken;
        if (token === undefined) return;
      }
    },

    async delete(refs) {
      for (const [bucket, keys] of keysByBucket(refs)) {
        for (let at = 0; at < keys.length; at += DELETE_BATCH) {
          const Objects = keys.slice(at, at + DELETE_BATCH).map((Key) => ({ Key }));
          const command = new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } });
          const attempt = attempting({ where: `s3://${bucket}`, permission: 's3:DeleteObject' });
          requireDeleted(bucket, await attempt((options) => client.send(command, options)));
        }
      }
    },

    uri,
  };
}

function uri({ bucket, objectKey }: ObjectRef): string {
  return `s3://${bucket}/${objectKey}`;
}

function place(ref: ObjectRef): string {
  return escapeUnprintable(uri(ref));
}

/** XML cannot hold every key, so they are asked for form-encoded; not every server can do that. */
function* listedObjects(page: ListObjectsV2CommandOutput, call: S3Call): Generator<ListedObject> {
  const decode = page.EncodingType === 'url' ? formDecode : (key: string) => key;
  for (const { Key, Size, ETag } of page.Contents ?? []) {
    yield {
      objectKey: decode(required(Key, call, 'a key')),
      size: required(Size, call, 'a size'),
      etag: required(ETag, call, 'an ETag'),
    };
  }
}

function formDecode(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
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
function requireDeleted(bucket: string, { Errors = [] }: DeleteObjectsCommandOutput): void {
  const [first] = Errors;
  if (first === undefined) return;
  const ErrorClass = first.Code === 'AccessDenied' ? InputNotFoundError : StoreUnavailableError;
  throw new ErrorClass(
    `s3://${bucket}: ${Errors.length} objects not deleted, the first ${quote(first.Key ?? '')} (${first.Code}: ${first.Message})`,
  );
}
