import { concatBytes } from '../domain/wtf8';
import type { ByteRange, ObjectRef, ObjectStore, ReadOptions } from './object-store';

const decoder = new TextDecoder();

/** A small object as text. @throws as `ObjectStore.read` */
export async function readText(store: ObjectStore, ref: ObjectRef, options?: ReadOptions): Promise<string> {
  return decoder.decode(await readBytes(store, ref, options));
}

export async function readBytes(
  store: Pick<ObjectStore, 'read'>,
  ref: ObjectRef,
  options?: ReadOptions,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.read(ref, options)) chunks.push(chunk);
  const [first, ...others] = chunks;
  return first !== undefined && others.length === 0 ? first : concatBytes(chunks);
}

/** The range's bytes at the start of `buffer`. @throws as `ObjectStore.read` */
export async function readInto(
  store: ObjectStore,
  ref: ObjectRef,
  range: ByteRange,
  buffer: Uint8Array,
): Promise<Uint8Array> {
  let filled = 0;
  const lend = () => buffer.subarray(filled);
  for await (const piece of store.read(ref, { range, lend })) {
    const isThere = piece.buffer === buffer.buffer && piece.byteOffset === buffer.byteOffset + filled;
    if (!isThere) buffer.set(piece, filled);
    filled += piece.length;
  }
  return buffer.subarray(0, filled);
}
