import { randomUUID } from 'node:crypto';
import { checksumOf, digestOf, rememberParts } from './checksum';
import { S3Error } from './s3-error';
import { type S3Answer, type S3Command, type S3State, type S3Upload, storeObject, xmlAnswer } from './state';
import { findElements, formatElement } from './xml';

const MIN_PART_BYTES = 5 * 1024 * 1024;

export function createUpload(
  { uploads }: S3State,
  { bucket, objectKey, name, headers }: S3Command,
): S3Answer {
  const id = randomUUID();
  uploads.set(id, { name, isChecked: headers['x-amz-checksum-algorithm'] === 'CRC32', parts: new Map() });
  const fields = { Bucket: bucket, Key: objectKey, UploadId: id };
  return xmlAnswer('InitiateMultipartUploadResult', formatFields(fields));
}

export function uploadPart(state: S3State, command: S3Command): S3Answer {
  const { query, body } = command;
  uploadOf(state, command).parts.set(Number(query.get('partNumber')), body);
  const { etag, checksum } = digestOf(body);
  return { status: 200, headers: { etag, 'x-amz-checksum-crc32': checksum } };
}

export function completeUpload(state: S3State, command: S3Command): S3Answer {
  const { parts, isChecked } = uploadOf(state, command);
  const { query, body } = command;
  const numbers = findElements(body, 'PartNumber').map(Number);
  const pieces = numbers.map((number) => parts.get(number) ?? new Uint8Array());
  const checksums = isChecked ? pieces.map(checksumOf) : [];
  const etags = pieces.map((piece) => digestOf(piece).etag);
  requireSame(findElements(body, 'ChecksumCRC32'), checksums);
  requireSame(findElements(body, 'ETag'), etags);
  if (pieces.slice(0, -1).some(({ length }) => length < MIN_PART_BYTES)) {
    throw new S3Error(400, 'EntityTooSmall');
  }
  const content = Buffer.concat(pieces);
  const headers = storeObject(state, command, content);
  state.uploads.delete(query.get('uploadId') ?? '');
  const { etag } = rememberParts(content, pieces);
  const answer = xmlAnswer('CompleteMultipartUploadResult', formatFields({ ETag: etag }));
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

export function abortUpload(state: S3State, command: S3Command): S3Answer {
  uploadOf(state, command);
  state.uploads.delete(command.query.get('uploadId') ?? '');
  return { status: 204 };
}

export function listUploads({ uploads }: S3State, { bucket }: S3Command): S3Answer {
  const found = [...uploads].filter(([, { name }]) => name.startsWith(`${bucket}/`));
  const items = found.map(([id, { name }]) => {
    const fields = formatFields({ Key: name.slice(bucket.length + 1), UploadId: id });
    return `<Upload>${fields}</Upload>`;
  });
  return xmlAnswer('ListMultipartUploadsResult', formatElement('IsTruncated', false) + items.join(''));
}

function uploadOf({ uploads }: S3State, { query, name }: S3Command): S3Upload {
  const upload = uploads.get(query.get('uploadId') ?? '');
  if (upload?.name !== name) throw new S3Error(404, 'NoSuchUpload');
  return upload;
}

function requireSame(told: readonly string[], actual: readonly string[]): void {
  if (String(told) !== String(actual)) throw new S3Error(400, 'InvalidPart');
}

function formatFields(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([name, value]) => formatElement(name, value))
    .join('');
}
