import type { ObjectStore } from '@mapreduce/shared-utils';
import {
  connectStore,
  impatientTime,
  type S3Call,
  type S3FaultPlan,
  startS3Server,
} from '@mapreduce/shared-utils/testing';
import { type BusyStore, createBusyStore } from './busy-store';
import { IN, type Job, OUT, TEMP } from './job';

/** An S3 server in this process with the input of a job, on which calls go wrong by a plan. */
export interface S3World {
  readonly store: BusyStore;
  /** The store of one Lambda environment, as deployed, without pauses unless it is patient. */
  createStore(options?: { readonly isPatient?: boolean }): ObjectStore;
  /** Ends the faults, so that what is there can be looked at; returns the calls so far. */
  endFaults(): readonly S3Call[];
  close(): Promise<void>;
}

export async function createS3World({ files }: Job, plan?: S3FaultPlan): Promise<S3World> {
  const server = await startS3Server({ buckets: [IN, TEMP, OUT] });
  for (const { key, bytes } of files) server.objects.set(`${IN}/${key}`, bytes);
  const own = connectStore(server);
  const stores = [own];
  if (plan !== undefined) server.injectFaults(plan);
  return {
    store: createBusyStore(own),
    createStore: ({ isPatient = false } = {}) => {
      const store = connectStore(server, isPatient ? {} : { time: impatientTime });
      stores.push(store);
      return store;
    },
    endFaults: () => {
      server.injectFaults(() => undefined);
      return [...server.calls];
    },
    close: async () => {
      for (const store of stores) store.destroy();
      await server.close();
    },
  };
}
