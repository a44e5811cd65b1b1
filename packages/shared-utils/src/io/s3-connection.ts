import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { escapeUnprintable } from '../domain/quote';
import type { ObjectRef } from './object-store';
import type { S3Call } from './s3-errors';
import { type S3Time, systemTime } from './s3-retry';

export interface S3Settings {
  /** The most that one request of a read asks for. */
  readonly partBytes: number;
  /** Requests of one read at once, whose bytes are in memory until they are consumed. */
  readonly partsInFlight: number;
  /** A read that gets no byte for this long is broken. */
  readonly idleTimeoutMs: number;
  /** Any other request is broken after this long. */
  readonly requestTimeoutMs: number;
  readonly time: S3Time;
  /** Told of each request that is about to be made again. */
  readonly onRetry: () => void;
}

export interface S3Connection {
  readonly client: S3Client;
  readonly settings: S3Settings;
}

/** The one client of a store, made here so that no retries of its own add to those of s3-retry.ts. */
export function connectS3(clientConfig: S3ClientConfig, settings: Partial<S3Settings>): S3Connection {
  return {
    client: new S3Client({ ...clientConfig, maxAttempts: 1, retryMode: 'standard' }),
    settings: {
      partBytes: 8 * 1024 * 1024,
      partsInFlight: 8,
      idleTimeoutMs: 15_000,
      requestTimeoutMs: 60_000,
      time: systemTime,
      onRetry: () => {},
      ...settings,
    },
  };
}

export function s3Uri({ bucket, objectKey }: ObjectRef): string {
  return `s3://${bucket}/${objectKey}`;
}

export function callOf(ref: ObjectRef, permission: string): S3Call {
  return { where: escapeUnprintable(s3Uri(ref)), permission };
}

export function targetOf({ bucket, objectKey }: ObjectRef): {
  readonly Bucket: string;
  readonly Key: string;
} {
  return { Bucket: bucket, Key: objectKey };
}
