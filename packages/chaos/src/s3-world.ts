import type { ObjectStore } from '@mapreduce/shared-utils';
import { createLambdaStore } from '@mapreduce/shared-utils/lambda';
import { startS3Server } from '@mapreduce/shared-utils/testing';
import { type BusyStore, createBusyStore } from './busy-store';
import { type ProxyFault, startFaultProxy } from './fault-proxy';
import { IN, type Job, OUT, TEMP } from './job';

const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };

/** An S3 server in this process with the input of a job, and a way to it on which requests go wrong. */
export interface S3World {
  /** Without faults, to look at what is there. */
  readonly store: BusyStore;
  /** The store of one Lambda environment, as deployed, over the faulty way. */
  createStore(): ObjectStore;
  readonly requests: number;
  readonly faults: number;
  close(): Promise<void>;
}

export async function createS3World(
  { files }: Job,
  decide: (request: string) => ProxyFault | null,
): Promise<S3World> {
  const server = await startS3Server({ buckets: [IN, TEMP, OUT] });
  for (const { key, bytes } of files) server.objects.set(`${IN}/${key}`, bytes);
  const proxy = await startFaultProxy(server.endpoint, decide);
  return {
    store: createBusyStore(connect(server.endpoint)),
    createStore: () => connect(proxy.endpoint),
    get requests() {
      return proxy.requests;
    },
    get faults() {
      return proxy.faults;
    },
    async close() {
      await proxy.close();
      await server.close();
    },
  };
}

function connect(endpoint: string): ObjectStore {
  return createLambdaStore({ endpoint, region: 'us-east-1', credentials: CREDENTIALS, forcePathStyle: true });
}
