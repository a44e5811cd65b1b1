import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import type { StoredObjects } from '../memory-store';
import type { S3Request } from './request';
import { S3Error } from './s3-error';
import { addVersion } from './versions';
import { escapeXml, formatElement } from './xml';

export interface S3State {
  readonly buckets: Set<string>;
  /** Those whose writes keep what was there before. */
  readonly versionedBuckets: Set<string>;
  /** By `bucket/objectKey`. */
  readonly objects: StoredObjects;
  /** Every version of an object by its id, the newest last; of versioned buckets only. */
  readonly versions: Map<string, Map<string, Uint8Array>>;
  /** Those that are not complete, by their ids. */
  readonly uploads: Map<string, S3Upload>;
}

export interface S3Upload {
  readonly name: string;
  /** Whether the completion has to list the checksums of its parts, or must not. */
  readonly isChecked: boolean;
  readonly parts: Map<number, Uint8Array>;
}

export interface S3Answer {
  readonly status: number;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Uint8Array | string;
}

/** A request with its body, framing and checksum taken care of. */
export interface S3Command extends S3Request {
  /** `bucket/objectKey` */
  readonly name: string;
  readonly body: Uint8Array;
}

export type S3Operation = (state: S3State, command: S3Command) => S3Answer;

/** The one place that makes bytes an object. Answers with its version's id, where there is one. */
export function storeObject(state: S3State, command: S3Command, bytes: Uint8Array): OutgoingHttpHeaders {
  const { name, headers } = command;
  requireNoneMatch(state.objects, name, headers);
  state.objects.set(name, bytes);
  const id = addVersion(state, command, bytes);
  return id === undefined ? {} : { 'x-amz-version-id': id };
}

function requireNoneMatch(objects: StoredObjects, name: string, headers: IncomingHttpHeaders): void {
  if (headers['if-none-match'] === '*' && objects.has(name)) throw new S3Error(412, 'PreconditionFailed');
}

export function errorAnswer({ status, code, headers }: S3Error): S3Answer {
  const body = xmlAnswer('Error', formatElement('Code', code) + formatElement('Message', code));
  return { ...body, status, headers: { ...body.headers, ...headers } };
}

/** `content` is XML already. */
export function xmlAnswer(root: string, content: string): S3Answer {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<${root}>${content}</${root}>`;
  return { status: 200, headers: { 'content-type': 'application/xml' }, body };
}

/** XML cannot hold every key; a client that asks for it gets them form-encoded. */
export function encodeKey(key: string, query: URLSearchParams): string {
  if (query.get('encoding-type') !== 'url') return escapeXml(key);
  return encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/');
}
