import {
  CorruptInputError,
  InputChangedError,
  InputNotFoundError,
  InvalidInputError,
  type ObjectStat,
  type ObjectStore,
  type PinnedObject,
  quote,
  readBytes,
  SNIFF_BYTES,
  sniffCompression,
} from '@mapreduce/shared-utils';
import type { FoundObject } from './found-object';

/**
 * Looks at an object and fixes it by etag and size: later stages read these very bytes or fail.
 * @throws InputNotFoundError, InputChangedError, UnsupportedInputError for an archived one too
 */
export async function pinObject(store: ObjectStore, found: FoundObject): Promise<PinnedObject> {
  const { bucket, objectKey, inventory } = found;
  const where = store.uri(found);
  try {
    const { size, etag, versionId } = await statOf(store, found, where);
    const head = await readBytes(store, found, {
      range: { start: 0, end: Math.min(size, SNIFF_BYTES) },
      ifMatch: etag,
      ...(versionId === undefined ? {} : { versionId }),
    });
    if (size === 0 && /\.(gz|zst)$/.test(objectKey)) {
      throw new CorruptInputError(`${where}: expected compressed data, got an empty object; write it again`);
    }
    return {
      bucket,
      key: objectKey,
      etag,
      ...(versionId === undefined ? {} : { versionId }),
      size,
      compression: sniffCompression(where, head),
    };
  } catch (error) {
    throw inventory === undefined ? error : explainStale(error, where, inventory);
  }
}

/**
 * What is listed needs no request of its own: the look at the first bytes is bound to the etag of the listing.
 * An empty object has no bytes to look at, and an inventory may be days old, so that one is asked for.
 */
async function statOf(store: ObjectStore, found: FoundObject, where: string): Promise<ObjectStat> {
  const { stat: listed, versionId: wanted, inventory } = found;
  if (listed !== undefined && !(listed.size === 0 && inventory !== undefined)) return listed;
  const stat = await store.head(found, wanted === undefined ? {} : { versionId: wanted });
  if (wanted !== undefined && wanted !== stat.versionId) {
    throw new InvalidInputError(
      `${where}: expected version ${quote(wanted)}, got ${quote(stat.versionId ?? 'none')}; leave the version out where the store keeps none`,
    );
  }
  if (listed !== undefined && listed.etag !== stat.etag) {
    throw new InputChangedError(`${where}: expected etag ${listed.etag}, got ${stat.etag}`);
  }
  return stat;
}

/** A new run with the same inventory would fail again. */
function explainStale(error: unknown, where: string, inventory: string): unknown {
  const advice = 'use a newer inventory, or one of all versions of a bucket that keeps them';
  if (error instanceof InputChangedError) {
    const message = `${where}: expected the object that ${inventory} lists, got one written since; ${advice}`;
    return new InputChangedError(message, { cause: error });
  }
  if (error instanceof InputNotFoundError) {
    const message = `${where}: expected the object that ${inventory} lists, got none: it was deleted since; ${advice}`;
    return new InputNotFoundError(message, { cause: error });
  }
  return error;
}
