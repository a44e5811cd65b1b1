import type { ObjectRef } from '../../src/io/object-store';
import type { S3Settings } from '../../src/io/s3-connection';
import { type S3Time, systemTime } from '../../src/io/s3-retry';
import { createS3Store, type S3Store } from '../../src/io/s3-store';
import { clientConfigOf } from './endpoint';
import { createManualTime, type ManualTime } from './manual-time';
import { type S3Server, startS3Server } from './server';

/** A store over a server that can be made to fail, in time that a test controls. */
export interface FaultyStore {
  readonly server: S3Server;
  readonly store: S3Store;
  readonly time: ManualTime;
  /** Puts an object into the server by hand. */
  seed(objectKey: string, content: Uint8Array): ObjectRef;
  close(): Promise<void>;
}

export async function startFaultyStore(settings: Partial<S3Settings> = {}): Promise<FaultyStore> {
  const server = await startS3Server({ buckets: ['bucket'] });
  const time = createManualTime();
  const store = connectStore(server, { time, ...settings });
  return {
    server,
    store,
    time,
    seed: (objectKey, content) => {
      server.objects.set(`bucket/${objectKey}`, content);
      return { bucket: 'bucket', objectKey };
    },
    close: async () => {
      store.destroy();
      await server.close();
    },
  };
}

/** As deployed, but for what is set otherwise. */
export function connectStore(server: S3Server, settings: Partial<S3Settings> = {}): S3Store {
  return createS3Store(clientConfigOf(server), settings);
}

/** Every pause is a random share of a longest one: of all, none. */
export const impatientTime: S3Time = { ...systemTime, random: () => 0 };

/** Bytes that are another at every offset that a mistake could take for the right one. */
export function patternOf(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >>> 8) * 7 + (i >>> 16)) & 0xff;
  return bytes;
}
