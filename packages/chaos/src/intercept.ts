import { type ObjectRef, type ObjectStore, readBytes } from '@mapreduce/shared-utils';
import { canTake, DONE, type Fate, never, type Operation, perform, type StoreCall } from './fates';
import { interceptWriter } from './intercept-writer';

export interface Interceptor {
  /** Asked once a call; may take its time. */
  decide(call: StoreCall): Fate | Promise<Fate>;
  /** What stays where a writing process stops in the middle. */
  leaveHalf?(ref: ObjectRef, bytes: Uint8Array): Promise<void>;
  /** Hears of what the task holds open, and how it is let go without a trace. */
  onOpen?(release: () => Promise<void>): () => void;
  /** The bytes that are read or written in place of these. */
  alter?(call: StoreCall, bytes: Uint8Array): Uint8Array;
}

/** The same store, with a fate for every call: the only way in which faults reach the stages. */
export function interceptStore(store: ObjectStore, interceptor: Interceptor): ObjectStore {
  const { leaveHalf = async () => {}, onOpen = () => () => {} } = interceptor;
  const alter = (operation: Operation, ref: ObjectRef, bytes: Uint8Array): Uint8Array =>
    interceptor.alter?.({ operation, name: nameOf(ref) }, bytes) ?? bytes;
  const decide = async (operation: Operation, ref: ObjectRef): Promise<Fate> => {
    const fate = await interceptor.decide({ operation, name: nameOf(ref) });
    return canTake(operation, fate.form) ? fate : DONE;
  };

  return {
    uri: store.uri,

    async head(ref) {
      return perform(await decide('head', ref), () => store.head(ref));
    },

    async *read(ref, options) {
      const fate = await decide('read', ref);
      if (fate.form === 'before') await fate.fail();
      try {
        if (fate.form === 'short' || fate.form === 'silent') {
          const whole = alter('read', ref, await readBytes(store, ref, options));
          yield whole.subarray(0, whole.length >> 1);
        } else {
          for await (const piece of held(store.read(ref, options), onOpen)) yield alter('read', ref, piece);
        }
      } catch (error) {
        if (fate.form !== 'after' && fate.form !== 'short') throw error;
      }
      if (fate.form === 'after' || fate.form === 'short') await fate.fail();
    },

    async put(ref, bytes, options) {
      const fate = await decide('put', ref);
      const content = alter('put', ref, bytes);
      return perform(
        fate,
        () => store.put(ref, content, options),
        () => leaveHalf(ref, content.subarray(0, content.length >> 1)),
      );
    },

    createWriter(ref) {
      return interceptWriter(store.createWriter(ref), ref, { decide, leaveHalf, onOpen, alter });
    },

    async *list(bucket, prefix) {
      const fate = await decide('list', { bucket, objectKey: prefix });
      if (fate.form === 'before') await fate.fail();
      const listed = await Array.fromAsync(store.list(bucket, prefix));
      yield* fate.form === 'short' ? listed.slice(0, listed.length >> 1) : listed;
      if (fate.form === 'short' || fate.form === 'after') await fate.fail();
    },

    async delete(refs) {
      await perform(await decide('delete', refs[0] ?? { bucket: '', objectKey: '' }), () =>
        store.delete(refs),
      );
    },
  };
}

function nameOf({ bucket, objectKey }: ObjectRef): string {
  return `${bucket}/${objectKey}`;
}

/** The pieces in order. Where the task dies between two of them, their source is let go and no other comes. */
async function* held(
  source: AsyncIterable<Uint8Array>,
  onOpen: Required<Interceptor>['onOpen'],
): AsyncGenerator<Uint8Array> {
  const pieces = source[Symbol.asyncIterator]();
  let isGone = false;
  const forget = onOpen(async () => {
    isGone = true;
    await pieces.return?.();
  });
  try {
    for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) yield next.value;
    if (isGone) await never();
  } finally {
    await pieces.return?.();
    forget();
  }
}
