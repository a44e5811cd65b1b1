/** The port through which every stage reaches storage. Adapters: S3, a directory, memory. */

export interface ObjectRef {
  readonly bucket: string;
  readonly objectKey: string;
}

export interface ObjectStat {
  readonly size: number;
  /** Opaque and never empty; changes whenever the bytes do. */
  readonly etag: string;
  readonly versionId?: string;
}

/** Bytes `[start, end)`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface ReadOptions {
  /** All of the object where absent. An empty range reads nothing and asks nothing. */
  readonly range?: ByteRange;
  /** Only these very bytes: @throws InputChangedError when the object has another etag, now or at the end. */
  readonly ifMatch?: string;
  readonly versionId?: string;
  /** Asked for room before each piece, which may then be a view of it, from its start. Spares all buffers. */
  readonly lend?: () => Uint8Array;
}

export interface ListedObject extends ObjectStat {
  readonly objectKey: string;
}

export interface ObjectWriter {
  /** Keeps nothing of `bytes`: the caller may change them as soon as the promise is fulfilled. */
  write(bytes: Uint8Array): Promise<void>;
  /** Makes the object visible, whole. */
  close(): Promise<void>;
  /** Leaves nothing behind; allowed at any time, also after a failed `close`. */
  abort(): Promise<void>;
}

export interface ObjectStore {
  /**
   * The current version, or the one that is named. A store without versions ignores the name, and tells none.
   * @throws InputNotFoundError where there is none for certain, StoreAccessError where that cannot be told
   */
  head(ref: ObjectRef, options?: { readonly versionId?: string }): Promise<ObjectStat>;
  /**
   * The bytes in order, in pieces of any size; never fewer than asked for without an error.
   * @throws InputNotFoundError, InputChangedError, StoreAccessError, StoreUnavailableError
   */
  read(ref: ObjectRef, options?: ReadOptions): AsyncIterable<Uint8Array>;
  /**
   * Writes a small object whole. With `ifNoneMatch`, false means that another one stands there already; it is
   * not said of the very bytes of a first attempt whose answer was lost.
   */
  put(ref: ObjectRef, bytes: Uint8Array, options?: { readonly ifNoneMatch?: boolean }): Promise<boolean>;
  /** Writes an object of any size in constant memory; it replaces whatever is there. */
  createWriter(ref: ObjectRef): ObjectWriter;
  /** Every object whose key begins with `prefix`, in UTF-8 byte order of the keys. */
  list(bucket: string, prefix: string): AsyncIterable<ListedObject>;
  /** Deletes objects; those that are not there are no error. */
  delete(refs: readonly ObjectRef[]): Promise<void>;
  /** How people name the object: `s3://bucket/key`, or a path. */
  uri(ref: ObjectRef): string;
}
