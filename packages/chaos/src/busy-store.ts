import { setImmediate } from 'node:timers/promises';
import type { ObjectStore } from '@mapreduce/shared-utils';

/** Turns of the event loop without a call after which nobody is thought to make one. */
const QUIET_TURNS = 3;

export interface BusyStore extends ObjectStore {
  /** Resolves when the store is at rest. */
  settled(): Promise<void>;
}

/**
 * A handler that fails leaves calls behind that it had begun: they come to their end in the frozen or reused
 * environment of a Lambda too. This is the same store, which knows when the last of them is over.
 */
export function createBusyStore(store: ObjectStore): BusyStore {
  let calls = 0;
  const busy = async <Result>(act: () => Promise<Result>): Promise<Result> => {
    calls++;
    try {
      return await act();
    } finally {
      calls--;
    }
  };
  async function* pieces<Item>(source: AsyncIterable<Item>): AsyncGenerator<Item> {
    const items = source[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await busy(() => items.next());
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      await busy(async () => items.return?.());
    }
  }
  return {
    uri: store.uri,
    head: (ref) => busy(() => store.head(ref)),
    read: (ref, options) => pieces(store.read(ref, options)),
    put: (ref, bytes, options) => busy(() => store.put(ref, bytes, options)),
    createWriter(ref) {
      const writer = store.createWriter(ref);
      return {
        write: (bytes) => busy(() => writer.write(bytes)),
        close: () => busy(() => writer.close()),
        abort: () => busy(() => writer.abort()),
      };
    },
    list: (bucket, prefix) => pieces(store.list(bucket, prefix)),
    delete: (refs) => busy(() => store.delete(refs)),
    async settled() {
      for (let turns = 0; turns < QUIET_TURNS; turns = calls === 0 ? turns + 1 : 0) await setImmediate();
    },
  };
}
