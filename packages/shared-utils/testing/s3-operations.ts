import { createHash, randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { crc32 } from 'node:zlib';
import { concatBytes } from '../src/domain/wtf8';
import type { StoredObjects } from './memory-store';

const PAGE_KEYS = 1000;
const MIN_PART_BYTES = 5 * 1024 * 1024;

/** A request without its body. */
export interface S3Request {
  readonly method: string;
  readonly bucket: string;
  readonly objectKey: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
}

export interface S3Answer {
  readonly status: number;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Uint8Array | string;
}

export interface S3State {
  /** By `bucket/objectKey`. */
  readonly objects: StoredObjects;
  /** Those that are not complete, by their ids. */
  readonly uploads: Map<string, S3Upload>;
}

interface S3Upload {
  /** Whether the completion has to list the checksums of its parts, or must not. */
  readonly isChecked: boolean;
  readonly parts: Map<number, Uint8Array>;
}

export class S3Error extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
  ) {
    super(code);
  }
}

interface Call extends S3Request {
  readonly name: string;
  readonly body: Uint8Array;
}

type Operation = (state: S3State, call: Call) => S3Answer;

/** What S3 does with a request, all of it at once. @throws S3Error */
export function answerRequest(state: S3State, request: S3Request, body: Uint8Array): S3Answer {
  const call = { ...request, name: `${request.bucket}/${request.objectKey}`, body };
  return operationOf(request)(state, call);
}

function operationOf({ method, objectKey, query }: S3Request): Operation {
  if (method === 'GET') return objectKey === '' ? listObjects : getObject;
  if (method === 'HEAD') return getObject;
  if (method === 'PUT') return query.has('partNumber') ? uploadPart : putObject;
  if (method === 'DELETE') return query.has('uploadId') ? abortUpload : deleteObject;
  if (query.has('delete')) return deleteObjects;
  return query.has('uploads') ? createUpload : completeUpload;
}

function getObject({ objects }: S3State, { name, headers }: Call): S3Answer {
  const bytes = objects.get(name);
  if (bytes === undefined) throw new S3Error(404, 'NoSuchKey');
  const etag = etagOf(bytes);
  if ((headers['if-match'] ?? etag) !== etag) throw new S3Error(412, 'PreconditionFailed');
  const range = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '');
  if (range === null) {
    return { status: 200, headers: { etag, 'x-amz-checksum-crc32': checksumOf(bytes) }, body: bytes };
  }
  const [start, last] = [Number(range[1]), Math.min(Number(range[2]), bytes.length - 1)];
  if (start > last) throw new S3Error(416, 'InvalidRange');
  const body = bytes.subarray(start, last + 1);
  return { status: 206, headers: { etag, 'content-range': `bytes ${start}-${last}/${bytes.length}` }, body };
}

function putObject({ objects }: S3State, { name, headers, body }: Call): S3Answer {
  requireNoneMatch(objects, name, headers);
  objects.set(name, body);
  return { status: 200, headers: { etag: etagOf(body) } };
}

function deleteObject({ objects }: S3State, { name }: Call): S3Answer {
  objects.delete(name);
  return { status: 204 };
}

function createUpload({ uploads }: S3State, { bucket, objectKey, headers }: Call): S3Answer {
  const id = randomUUID();
  uploads.set(id, { isChecked: headers['x-amz-checksum-algorithm'] === 'CRC32', parts: new Map() });
  const fields = element('Bucket', bucket) + element('Key', objectKey) + element('UploadId', id);
  return xmlAnswer('InitiateMultipartUploadResult', fields);
}

function uploadPart(state: S3State, { query, body }: Call): S3Answer {
  uploadOf(state, query).parts.set(Number(query.get('partNumber')), body);
  return { status: 200, headers: { etag: etagOf(body), 'x-amz-checksum-crc32': checksumOf(body) } };
}

function completeUpload(state: S3State, { name, query, headers, body }: Call): S3Answer {
  const { parts, isChecked } = uploadOf(state, query);
  const numbers = elements(body, 'PartNumber').map(Number);
  const pieces = numbers.map((number) => parts.get(number) ?? new Uint8Array());
  const checksums = isChecked ? pieces.map(checksumOf) : [];
  if (String(elements(body, 'ChecksumCRC32')) !== String(checksums)) throw new S3Error(400, 'InvalidPart');
  if (String(elements(body, 'ETag')) !== String(pieces.map(etagOf))) throw new S3Error(400, 'InvalidPart');
  if (pieces.slice(0, -1).some(({ length }) => length < MIN_PART_BYTES))
    throw new S3Error(400, 'EntityTooSmall');
  requireNoneMatch(state.objects, name, headers);
  const content = concatBytes(pieces);
  state.objects.set(name, content);
  state.uploads.delete(query.get('uploadId') ?? '');
  return xmlAnswer('CompleteMultipartUploadResult', element('ETag', etagOf(content)));
}

function abortUpload(state: S3State, { query }: Call): S3Answer {
  uploadOf(state, query);
  state.uploads.delete(query.get('uploadId') ?? '');
  return { status: 204 };
}

/** The token of a page is the last key of the page before. */
function listObjects({ objects }: S3State, { bucket, query }: Call): S3Answer {
  const after = query.get('continuation-token');
  const keys = [...objects.keys()]
    .filter((name) => name.startsWith(`${bucket}/${query.get('prefix') ?? ''}`))
    .map((name) => Buffer.from(name.slice(bucket.length + 1)))
    .filter((key) => after === null || Buffer.compare(key, Buffer.from(after, 'base64')) > 0)
    .sort(Buffer.compare);
  const page = keys.slice(0, PAGE_KEYS);
  const isEncoded = query.get('encoding-type') === 'url';
  const encode = isEncoded ? formEncode : escapeXml;
  const contents = page.map((key) => {
    const bytes = objects.get(`${bucket}/${key}`) as Uint8Array;
    const size = element('Size', bytes.length);
    return `<Contents><Key>${encode(String(key))}</Key>${size}${element('ETag', etagOf(bytes))}</Contents>`;
  });
  const isTruncated = keys.length > page.length;
  const next = isTruncated ? element('NextContinuationToken', page.at(-1)?.toString('base64') ?? '') : '';
  const encoding = isEncoded ? element('EncodingType', 'url') : '';
  const fields = encoding + element('IsTruncated', isTruncated) + next + contents.join('');
  return xmlAnswer('ListBucketResult', fields);
}

function deleteObjects({ objects }: S3State, { bucket, body }: Call): S3Answer {
  const keys = elements(body, 'Key');
  if (keys.length > PAGE_KEYS) throw new S3Error(400, 'MalformedXML');
  for (const key of keys) objects.delete(`${bucket}/${key}`);
  return xmlAnswer('DeleteResult', '');
}

function requireNoneMatch(objects: StoredObjects, name: string, headers: IncomingHttpHeaders): void {
  if (headers['if-none-match'] === '*' && objects.has(name)) throw new S3Error(412, 'PreconditionFailed');
}

function uploadOf({ uploads }: S3State, query: URLSearchParams): S3Upload {
  const upload = uploads.get(query.get('uploadId') ?? '');
  if (upload === undefined) throw new S3Error(404, 'NoSuchUpload');
  return upload;
}

export function errorAnswer(status: number, code: string): S3Answer {
  return { ...xmlAnswer('Error', element('Code', code) + element('Message', code)), status };
}

function xmlAnswer(root: string, content: string): S3Answer {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<${root}>${content}</${root}>`;
  return { status: 200, headers: { 'content-type': 'application/xml' }, body };
}

function etagOf(bytes: Uint8Array): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}

/** CRC32 as S3 writes it: four bytes, the highest first, in base64. */
export function checksumOf(bytes: Uint8Array): string {
  const digest = Buffer.alloc(4);
  digest.writeUInt32BE(crc32(bytes));
  return digest.toString('base64');
}

function element(name: string, value: string | number | boolean): string {
  return `<${name}>${escapeXml(String(value))}</${name}>`;
}

function elements(xml: Uint8Array, name: string): string[] {
  const found = Buffer.from(xml)
    .toString()
    .matchAll(new RegExp(`<${name}>(.*?)</${name}>`, 'gs'));
  return [...found].map(([, text = '']) => unescapeXml(text));
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"'\r\n]/g, (char) => `&#${char.charCodeAt(0)};`);
}

const XML_ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescapeXml(text: string): string {
  return text.replace(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (_, hex, decimal, name) => {
    if (name !== undefined) return XML_ENTITIES[name] ?? '';
    return String.fromCodePoint(Number.parseInt(hex ?? decimal, hex === undefined ? 10 : 16));
  });
}

function formEncode(text: string): string {
  return encodeURIComponent(text).replaceAll('%20', '+').replaceAll('%2F', '/');
}
