import { createMemoryStore, describeObjectStore } from '../../testing';

describeObjectStore('memory', async () => ({
  store: createMemoryStore(),
  bucket: 'bucket',
  countOpenHandles: async () => 0,
  close: async () => {},
}));
