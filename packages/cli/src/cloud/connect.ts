import { createS3Store, type S3Store } from '@mapreduce/shared-utils/s3';
import type { ConnectionFlags } from './draft-run';

/** S3 with the credentials and the region of the usual AWS variables and files, or what the flags say instead. */
export function connectToS3({ region, profile, endpointUrl }: ConnectionFlags): S3Store {
  return createS3Store({
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
    ...(endpointUrl === undefined ? {} : { endpoint: endpointUrl, forcePathStyle: true }),
  });
}
