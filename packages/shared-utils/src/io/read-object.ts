import { concatBytes } from '../domain/wtf8';
import type { ObjectRef, ObjectStore, ReadOptions } from './object-store';

/** A small object as text. @throws as `ObjectStore.read` */
export async function readText(store: ObjectStore, ref: ObjectRef, options?: ReadOptions): Promise<string> {
  return new TextDecoder().decode(await readBytes(store, ref, options));
}

export async function readBytes(
  store: Pick<ObjectStore, 'read'>,
  ref: ObjectRef,
  options?: ReadOptions,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.read(ref, options)) chunks.push(chunk);
  return concatBytes(chunks);
}
