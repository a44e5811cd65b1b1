import { createHash } from 'node:crypto';
import { InputChangedError, InputNotFoundError } from '../src/domain/errors';
import { compareBytes, concatBytes, encodeWtf8 } from '../src/domain/wtf8';
import type { ObjectRef, ObjectStat, ObjectStore, ObjectWriter } from '../src/io/object-store';

/** The contents by `bucket/objectKey`: tests seed them, look at them and change them under a reader. */
export type StoredObjects = Map<string, Uint8Array>;

export interface MemoryStore extends ObjectStore {
  readonly objects: StoredObjects;
}

/** An `ObjectStore` for tests. A small `pieceBytes` shows whoever depends on where reads are cut. */
export function createMemoryStore({ pieceBytes = 64 * 1024 } = {}): MemoryStore {
  const objects: StoredObjects = new Map();

  const contentOf = (ref: ObjectRef): Uint8Array => {
    const bytes = objects.get(nameOf(ref));
    if (bytes === undefined) throw new InputNotFoundError(`${uri(ref)}: expected an object, got nothing`);
    return bytes;
  };
  const requireUnchanged = (ref: ObjectRef, ifMatch: string | undefined) => {
    const { etag } = statOf(contentOf(ref));
    if (ifMatch === undefined || ifMatch === etag) return;
    throw new InputChangedError(`${uri(ref)}: expected etag ${ifMatch}, got ${etag}`);
  };

  return {
    objects,
    uri,
    head: async (ref) => statOf(contentOf(ref)),

    async *read(ref, { range, ifMatch } = {}) {
      if (range !== undefined && range.end <= range.start) return;
      const bytes = contentOf(ref);
      requireUnchanged(ref, ifMatch);
      const { start, end } = range ?? { start: 0, end: bytes.length };
      if (end > bytes.length) {
        throw new InputChangedError(`${uri(ref)}: expected at least ${end} bytes, got ${bytes.length}`);
      }
      for (let at = start; at < end; at += pieceBytes) yield bytes.slice(at, Math.min(at + pieceBytes, end));
      if (ifMatch !== undefined) requireUnchanged(ref, ifMatch);
    },

    async put(ref, bytes, { ifNoneMatch = false } = {}) {
      if (ifNoneMatch && objects.has(nameOf(ref))) return false;
      objects.set(nameOf(ref), bytes.slice());
      return true;
    },

    createWriter: (ref) => createMemoryWriter((bytes) => objects.set(nameOf(ref), bytes)),

    async *list(bucket, prefix) {
      const found = [...objects].filter(([name]) => name.startsWith(`${bucket}/${prefix}`)).sort(byName);
      for (const [name, bytes] of found) yield { objectKey: name.slice(bucket.length + 1), ...statOf(bytes) };
    },

    async delete(refs) {
      for (const ref of refs) objects.delete(nameOf(ref));
    },
  };
}

function createMemoryWriter(publish: (bytes: Uint8Array) => void): ObjectWriter {
  let pieces: Uint8Array[] = [];
  return {
    async write(bytes) {
      pieces.push(Uint8Array.from(bytes));
    },
    async close() {
      publish(concatBytes(pieces));
    },
    async abort() {
      pieces = [];
    },
  };
}

function nameOf({ bucket, objectKey }: ObjectRef): string {
  return `${bucket}/${objectKey}`;
}

function uri(ref: ObjectRef): string {
  return `memory://${nameOf(ref)}`;
}

function statOf(bytes: Uint8Array): ObjectStat {
  return { size: bytes.length, etag: createHash('md5').update(bytes).digest('hex') };
}

function byName([a]: [string, Uint8Array], [b]: [string, Uint8Array]): number {
  return compareBytes(encodeWtf8(a), encodeWtf8(b));
}
