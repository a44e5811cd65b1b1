import type { ObjectStore } from '@mapreduce/shared-utils';
import { DONE, type StoreCall } from './fates';
import { interceptStore } from './intercept';

const READ = 'reads ';

/** What one twin sees or writes otherwise. Whether it wins is left to chance. */
export const DIFFERENCES: Readonly<Record<string, (call: StoreCall, bytes: Uint8Array) => Uint8Array>> = {
  [`${READ}another URL`]: ({ operation, name }, bytes) =>
    operation === 'read' && name.startsWith('in/') ? replaced(bytes, 'https://a.', 'https://b.') : bytes,
  [`${READ}a bad line`]: ({ operation, name }, bytes) =>
    operation === 'read' && name.startsWith('in/') ? replaced(bytes, '"url":"h', '"uri":"h') : bytes,
  'writes another record': ({ operation, name }, bytes) =>
    operation === 'put' && name.includes('/map/') ? incremented(bytes) : bytes,
  'writes another segment': ({ operation, name }, bytes) =>
    operation === 'write' && name.includes('/shuffle/') ? Uint8Array.from(bytes).fill(0x7a, -1) : bytes,
};

/** The attempt itself counts otherwise, and is not only misunderstood. */
export function isSeenByTask(difference: string): boolean {
  return difference.startsWith(READ);
}

/** The same store for an attempt that is not like the other. */
export function altered(store: ObjectStore, difference: string): ObjectStore {
  return interceptStore(store, {
    decide: () => DONE,
    alter: DIFFERENCES[difference] ?? ((_, bytes) => bytes),
  });
}

/** The first one of each piece, by as many bytes. */
function replaced(bytes: Uint8Array, what: string, by: string): Uint8Array {
  return Buffer.from(Buffer.from(bytes).toString('latin1').replace(what, by), 'latin1');
}

/** A record of one good line more than there is. */
function incremented(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString();
  return Buffer.from(text.replace(/"ok":(\d+)/, (_, ok: string) => `"ok":${Number(ok) + 1}`));
}
