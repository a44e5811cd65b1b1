import { createS3Store, type S3Store } from '@mapreduce/shared-utils/s3';

/** The usual AWS variables and files say the rest. */
export interface ConnectionFlags {
  readonly region?: string;
  readonly profile?: string;
  readonly endpointUrl?: string;
}

export function toClientConfig({ region, profile, endpointUrl }: ConnectionFlags) {
  return {
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
    ...(endpointUrl === undefined ? {} : { endpoint: endpointUrl }),
  };
}

export function connectToS3(flags: ConnectionFlags): S3Store {
  return createS3Store({ ...toClientConfig(flags), forcePathStyle: flags.endpointUrl !== undefined });
}
