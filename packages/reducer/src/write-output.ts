import { createHash } from 'node:crypto';
import type { ObjectRef, ObjectStore } from '@mapreduce/shared-utils';

/** Writes an object in pieces; it appears whole or not at all. Returns the SHA-256 of its bytes. */
export async function writeOutput(
  store: ObjectStore,
  ref: ObjectRef,
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<string> {
  const hash = createHash('sha256');
  const writer = store.createWriter(ref);
  try {
    for await (const piece of pieces) {
      hash.update(piece);
      await writer.write(piece);
    }
    await writer.close();
  } catch (error) {
    await writer.abort();
    throw error;
  }
  return hash.digest('hex');
}
