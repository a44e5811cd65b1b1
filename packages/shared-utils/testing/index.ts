export * from './memory-store';
export * from './object-store-conformance';
export type { S3Request } from './s3-operations';
export * from './s3-server';
export * from './stage-fixture';
