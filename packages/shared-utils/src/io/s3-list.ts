import { ListObjectsV2Command, type ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import type { ListedObject } from './object-store';
import { callOf, type S3Connection } from './s3-connection';
import { required, type S3Call } from './s3-errors';
import { createAttempt } from './s3-retry';

/** Every object whose key begins with `prefix`, page by page. */
export async function* listS3Objects(
  connection: S3Connection,
  bucket: string,
  prefix: string,
): AsyncGenerator<ListedObject> {
  const call = callOf({ bucket, objectKey: prefix }, 's3:ListBucket');
  const attempt = createAttempt(connection, call);
  const input = { Bucket: bucket, Prefix: prefix, EncodingType: 'url' } as const;
  for (let token: string | undefined; ; ) {
    const command = new ListObjectsV2Command({ ...input, ContinuationToken: token });
    const page = await attempt(async (options) =>
      requirePage(await connection.client.send(command, options), call),
    );
    yield* listedObjects(page, call);
    if (!page.IsTruncated) return;
    token = page.NextContinuationToken;
  }
}

/** An answer that does not say whether it ends, or how it goes on, would be a listing cut short. */
function requirePage(page: ListObjectsV2CommandOutput, call: S3Call): ListObjectsV2CommandOutput {
  const isTruncated = required(page.IsTruncated, call, 'IsTruncated');
  if (isTruncated) required(page.NextContinuationToken, call, 'a NextContinuationToken');
  return page;
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
