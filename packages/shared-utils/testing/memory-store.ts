import { createHash } from 'node:crypto';
import { InputChangedError, InputNotFoundError } from '../src/domain/errors';
import { compareBytes, concatBytes, encodeWtf8 } from '../src/domain/wtf8';
import type { ObjectRef, ObjectStat, ObjectStore, ObjectWriter } from '../src/io/object-store';

/** The contents by `bucket/objectKey`: tests seed them, look at them and change them under a reader. */
export type StoredObjects = Map<string, Uint8Array>;

export interface MemoryStore extends ObjectStore {
  readonly objects: StoredObjects;
}

export interface MemoryStoreOptions {
  /** A small one shows whoever depends on where reads are cut. */
  readonly pieceBytes?: number;
  /** Whether `put` keeps what was there as a version: `version-1` and so on, for each object. */
  readonly isVersioned?: boolean;
}

/** An `ObjectStore` for tests. */
export function createMemoryStore({
  pieceBytes = 64 * 1024,
  isVersioned = false,
}: MemoryStoreOptions = {}): MemoryStore {
  const objects: StoredObjects = new Map();
  const versions = new Map<string, Uint8Array[]>();

  const contentOf = (ref: ObjectRef, versionId?: string): Uint8Array => {
    const current = objects.get(nameOf(ref));
    const known = versions.get(nameOf(ref)) ?? [];
    const isNamed = isVersioned && versionId !== undefined;
    const bytes = isNamed ? known.find((_, index) => versionId === nthVersion(index)) : current;
    if (bytes === undefined) throw new InputNotFoundError(`${uri(ref)}: expected an object, got nothing`);
    return bytes;
  };
  const statOf = (ref: ObjectRef, versionId?: string): ObjectStat => {
    const bytes = contentOf(ref, versionId);
    const index = (versions.get(nameOf(ref)) ?? []).lastIndexOf(bytes);
    return { ...digestOf(bytes), ...(index !== -1 && { versionId: nthVersion(index) }) };
  };
  const requireUnchanged = (ref: ObjectRef, ifMatch: string | undefined, versionId?: string) => {
    const { etag } = statOf(ref, versionId);
    if (ifMatch === undefined || ifMatch === etag) return;
    throw new InputChangedError(`${uri(ref)}: expected etag ${ifMatch}, got ${etag}`);
  };

  return {
    objects,
    uri,
    head: async (ref, { versionId } = {}) => statOf(ref, versionId),

    async *read(ref, { range, ifMatch, versionId } = {}) {
      if (range !== undefined && range.end <= range.start) return;
      const bytes = contentOf(ref, versionId);
      requireUnchanged(ref, ifMatch, versionId);
      const { start, end } = range ?? { start: 0, end: bytes.length };
      if (end > bytes.length) {
        throw new InputChangedError(`${uri(ref)}: expected at least ${end} bytes, got ${bytes.length}`);
      }
      for (let at = start; at < end; at += pieceBytes) yield bytes.slice(at, Math.min(at + pieceBytes, end));
      if (ifMatch !== undefined) requireUnchanged(ref, ifMatch, versionId);
    },

    async put(ref, bytes, { ifNoneMatch = false } = {}) {
      if (ifNoneMatch && objects.has(nameOf(ref))) return false;
      const content = bytes.slice();
      objects.set(nameOf(ref), content);
      if (isVersioned) versions.set(nameOf(ref), [...(versions.get(nameOf(ref)) ?? []), content]);
      return true;
    },

    createWriter: (ref) => createMemoryWriter((bytes) => objects.set(nameOf(ref), bytes)),

    async *list(bucket, prefix) {
      const found = [...objects].filter(([name]) => name.startsWith(`${bucket}/${prefix}`)).sort(byName);
      for (const [name, bytes] of found)
        yield { objectKey: name.slice(bucket.length + 1), ...digestOf(bytes) };
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
      pieces.push(new Uint8Array(bytes));
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

function nthVersion(index: number): string {
  return `version-${index + 1}`;
}

/** By identity: contents are replaced, never changed. A large one is read many times. */
const digests = new WeakMap<Uint8Array, string>();

function digestOf(bytes: Uint8Array): ObjectStat {
  const etag = digests.get(bytes) ?? createHash('md5').update(bytes).digest('hex');
  digests.set(bytes, etag);
  return { size: bytes.length, etag };
}

function byName([a]: [string, Uint8Array], [b]: [string, Uint8Array]): number {
  return compareBytes(encodeWtf8(a), encodeWtf8(b));
}
