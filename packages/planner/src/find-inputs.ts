import {
  CorruptInputError,
  type ExecutionInput,
  InvalidInputError,
  mapConcurrently,
  type ObjectRef,
  type ObjectStat,
  type ObjectStore,
  type PinnedObject,
  quote,
  readBytes,
  SNIFF_BYTES,
  sniffCompression,
} from '@mapreduce/shared-utils';

/** Small requests in flight at once: far below what S3 serves from one prefix (5,500 GET a second). */
const CONCURRENT_REQUESTS = 64;

type Found = ObjectRef & { readonly versionId?: string; readonly stat?: ObjectStat };

/**
 * Every input object in the order given, pinned by etag and size.
 * @throws InvalidInputError for no input or a duplicate, InputNotFoundError, UnsupportedInputError
 */
export async function findInputs(store: ObjectStore, input: ExecutionInput): Promise<PinnedObject[]> {
  const found = [...namedFiles(input), ...(await listPrefixes(store, input))];
  if (found.length === 0) {
    throw new InvalidInputError(
      'execution input: expected at least one object in input_files or input_prefixes, got none',
    );
  }
  refuseDuplicates(store, found);
  return mapConcurrently(found, CONCURRENT_REQUESTS, (object) => pin(store, object));
}

function namedFiles(input: ExecutionInput): Found[] {
  return (input.inputFiles ?? []).map(({ bucket, key, versionId }) => ({
    bucket,
    objectKey: key,
    ...(versionId === undefined ? {} : { versionId }),
  }));
}

async function listPrefixes(store: ObjectStore, input: ExecutionInput): Promise<Found[]> {
  const found: Found[] = [];
  for (const { bucket, prefix, suffix = '' } of input.inputPrefixes ?? []) {
    for await (const { objectKey, ...stat } of store.list(bucket, prefix)) {
      const isFolderMarker = objectKey.endsWith('/') && stat.size === 0;
      if (!isFolderMarker && objectKey.endsWith(suffix)) found.push({ bucket, objectKey, stat });
    }
  }
  return found;
}

function refuseDuplicates(store: ObjectStore, found: readonly Found[]): void {
  const seen = new Set<string>();
  for (const object of found) {
    const uri = store.uri(object);
    if (seen.has(uri))
      throw new InvalidInputError(`${uri}: expected each input once, got it twice; duplicate input`);
    seen.add(uri);
  }
}

async function pin(
  store: ObjectStore,
  { stat: listed, versionId: wanted, ...ref }: Found,
): Promise<PinnedObject> {
  const named = wanted === undefined ? {} : { versionId: wanted };
  const { size, etag, versionId } = listed ?? (await store.head(ref, named));
  const where = store.uri(ref);
  if (wanted !== undefined && wanted !== versionId) {
    throw new InvalidInputError(
      `${where}: expected version ${quote(wanted)}, got ${quote(versionId ?? 'none')}; leave the version out where the store keeps none`,
    );
  }
  const head = await readBytes(store, ref, {
    range: { start: 0, end: Math.min(size, SNIFF_BYTES) },
    ifMatch: etag,
    ...(versionId === undefined ? {} : { versionId }),
  });
  if (size === 0 && /\.(gz|zst)$/.test(ref.objectKey)) {
    throw new CorruptInputError(`${where}: expected compressed data, got an empty object; write it again`);
  }
  return {
    bucket: ref.bucket,
    key: ref.objectKey,
    etag,
    ...(versionId === undefined ? {} : { versionId }),
    size,
    compression: sniffCompression(where, head),
  };
}
