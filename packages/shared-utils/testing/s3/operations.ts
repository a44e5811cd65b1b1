import { digestOf } from './checksum';
import { abortUpload, completeUpload, createUpload, listUploads, uploadPart } from './multipart';
import type { S3OperationName } from './request';
import { S3Error } from './s3-error';
import {
  encodeKey,
  type S3Answer,
  type S3Command,
  type S3Operation,
  type S3State,
  storeObject,
  xmlAnswer,
} from './state';
import { deleteObject, deleteObjects, findVersion, listVersions } from './versions';
import { findElements, formatElement } from './xml';

const MAX_KEYS = 1000;

/** What S3 does with each request, all of it at once. They throw `S3Error`. */
export const operations: Readonly<Record<S3OperationName, S3Operation>> = {
  AbortMultipartUpload: abortUpload,
  CompleteMultipartUpload: completeUpload,
  CreateBucket: createBucket,
  CreateMultipartUpload: createUpload,
  DeleteObject: deleteObject,
  DeleteObjects: deleteObjects,
  GetObject: getObject,
  HeadObject: getObject,
  ListMultipartUploads: listUploads,
  ListObjectVersions: listVersions,
  ListObjectsV2: listObjects,
  PutBucketVersioning: putBucketVersioning,
  PutObject: putObject,
  UploadPart: uploadPart,
};

function createBucket({ buckets }: S3State, { bucket }: S3Command): S3Answer {
  buckets.add(bucket);
  return { status: 200 };
}

function putBucketVersioning({ versionedBuckets }: S3State, { bucket, body }: S3Command): S3Answer {
  if (findElements(body, 'Status')[0] === 'Enabled') versionedBuckets.add(bucket);
  return { status: 200 };
}

function getObject(state: S3State, command: S3Command): S3Answer {
  const { headers: asked } = command;
  const { bytes, versionId } = findVersion(state, command);
  const { etag, checksum } = digestOf(bytes);
  if ((asked['if-match'] ?? etag) !== etag) throw new S3Error(412, 'PreconditionFailed');
  const headers = { etag, ...(versionId !== undefined && { 'x-amz-version-id': versionId }) };
  const range = parseRange(asked.range, bytes.length);
  if (range === null) {
    const isAsked = asked['x-amz-checksum-mode'] === 'ENABLED';
    const checked = { ...headers, ...(isAsked && { 'x-amz-checksum-crc32': checksum }) };
    return { status: 200, headers: checked, body: bytes };
  }
  const { start, last } = range;
  const contentRange = `bytes ${start}-${last}/${bytes.length}`;
  return {
    status: 206,
    headers: { ...headers, 'content-range': contentRange },
    body: bytes.subarray(start, last + 1),
  };
}

/** `first-last`, `first-` or `-length`; whatever else is no range is as if there were none. */
function parseRange(header: string | undefined, size: number): { start: number; last: number } | null {
  const [, first = '', end = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === '' && end === '') return null;
  const start = first === '' ? Math.max(size - Number(end), 0) : Number(first);
  const last = first === '' || end === '' ? size - 1 : Math.min(Number(end), size - 1);
  if (start <= last) return { start, last };
  throw new S3Error(416, 'InvalidRange', { 'content-range': `bytes */${size}` });
}

function putObject(state: S3State, command: S3Command): S3Answer {
  const headers = storeObject(state, command, command.body);
  return { status: 200, headers: { ...headers, etag: digestOf(command.body).etag } };
}

/** The token of a page is the last key of the page before. */
function listObjects({ objects }: S3State, { bucket, query }: S3Command): S3Answer {
  const after = query.get('continuation-token');
  const keys = [...objects.keys()]
    .filter((name) => name.startsWith(`${bucket}/${query.get('prefix') ?? ''}`))
    .map((name) => Buffer.from(name.slice(bucket.length + 1)))
    .filter((key) => after === null || Buffer.compare(key, Buffer.from(after, 'base64')) > 0)
    .sort(Buffer.compare);
  const page = keys.slice(0, Math.min(Number(query.get('max-keys') ?? MAX_KEYS), MAX_KEYS));
  const contents = page.map((key) => {
    const bytes = objects.get(`${bucket}/${key}`) as Uint8Array;
    const fields = formatElement('Size', bytes.length) + formatElement('ETag', digestOf(bytes).etag);
    return `<Contents><Key>${encodeKey(String(key), query)}</Key>${fields}</Contents>`;
  });
  const isTruncated = keys.length > page.length;
  const token = page.at(-1)?.toString('base64') ?? '';
  const encoding = query.get('encoding-type');
  const fields = [
    formatElement('IsTruncated', isTruncated),
    formatElement('KeyCount', page.length),
    isTruncated ? formatElement('NextContinuationToken', token) : '',
    encoding === null ? '' : formatElement('EncodingType', encoding),
  ];
  return xmlAnswer('ListBucketResult', fields.join('') + contents.join(''));
}
