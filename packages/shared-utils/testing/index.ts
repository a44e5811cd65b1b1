export * from './memory-store';
export * from './object-store-conformance';
export * from './s3/faults';
export { connectStore, impatientTime } from './s3/faulty-store';
export * from './s3/server';
export * from './stage-fixture';
export * from './temporary-scratch';
