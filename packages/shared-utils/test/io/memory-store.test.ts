import { createMemoryStore, describeObjectStore } from '../../testing';

for (const isVersioned of [false, true]) {
  describeObjectStore(isVersioned ? 'memory with versions' : 'memory', async () => ({
    store: createMemoryStore({ isVersioned }),
    bucket: 'bucket',
    ...(isVersioned && { versionedBucket: 'bucket' }),
    countOpenHandles: async () => 0,
    close: async () => {},
  }));
}
