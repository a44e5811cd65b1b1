import { randomUUID } from 'node:crypto';
import {
  CreateBucketCommand,
  PutBucketVersioningCommand,
  type S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { type S3Server, startS3Server } from './server';

/** An S3 to run a suite against. */
export interface S3Endpoint {
  readonly clientConfig: S3ClientConfig;
  /** Calls that are not at their end, as far as that can be known from here. */
  countOpenCalls(): number;
  close(): Promise<void>;
}

/**
 * The server at an endpoint, with the credentials of the environment, or else one in this process. A suite
 * leaves its buckets behind: the server is to be one of its own.
 */
export async function connectToS3(endpoint: string | undefined): Promise<S3Endpoint> {
  const common = { forcePathStyle: true, region: 'us-east-1' };
  if (endpoint !== undefined) {
    return { clientConfig: { ...common, endpoint }, countOpenCalls: () => 0, close: async () => {} };
  }
  const server = await startS3Server({ buckets: [] });
  return { ...server, clientConfig: clientConfigOf(server) };
}

/** For a client of a server in this process. */
export function clientConfigOf({ endpoint }: Pick<S3Server, 'endpoint'>): S3ClientConfig {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return { endpoint, credentials, forcePathStyle: true, region: 'us-east-1' };
}

/** A bucket of one test, empty. */
export async function createBucket(client: S3Client): Promise<string> {
  const Bucket = `test-${randomUUID()}`;
  await client.send(new CreateBucketCommand({ Bucket }));
  return Bucket;
}

export async function versionBucket(client: S3Client, Bucket: string): Promise<void> {
  const VersioningConfiguration = { Status: 'Enabled' } as const;
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
}
