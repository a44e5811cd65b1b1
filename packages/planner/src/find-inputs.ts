import {
  type ExecutionInput,
  InvalidInputError,
  mapConcurrently,
  type ObjectStore,
  type PinnedObject,
} from '@mapreduce/shared-utils';
import { type FoundObject, isFolderMarker, isWanted } from './found-object';
import { listInventory } from './list-inventory';
import { pinObject } from './pin-object';

/** Small requests in flight at once: far below what S3 serves from one prefix (5,500 GET a second). */
const CONCURRENT_REQUESTS = 64;

/** Pages of one prefix come one after the other; a month of hourly prefixes need not. */
const CONCURRENT_LISTINGS = 16;

/**
 * Every input object in the order given, pinned by etag and size.
 * @throws InvalidInputError for no input or a duplicate, InputNotFoundError, UnsupportedInputError
 */
export async function findInputs(store: ObjectStore, input: ExecutionInput): Promise<PinnedObject[]> {
  const found = [
    ...namedFiles(input),
    ...(await listPrefixes(store, input)),
    ...(input.inventory === undefined ? [] : await listInventory(store, input.inventory)),
  ];
  if (found.length === 0) {
    throw new InvalidInputError(
      'execution input: expected at least one object in input_files, input_prefixes or inventory, got none; check prefixes, suffixes and times',
    );
  }
  refuseDuplicates(store, found);
  return mapConcurrently(found, CONCURRENT_REQUESTS, (object) => pinObject(store, object));
}

function namedFiles(input: ExecutionInput): FoundObject[] {
  return (input.inputFiles ?? []).map(({ bucket, key, versionId }) => ({
    bucket,
    objectKey: key,
    ...(versionId === undefined ? {} : { versionId }),
  }));
}

async function listPrefixes(store: ObjectStore, { inputPrefixes = [] }: ExecutionInput) {
  const listed = await mapConcurrently(inputPrefixes, CONCURRENT_LISTINGS, async (wanted) => {
    const found: FoundObject[] = [];
    for await (const { objectKey, ...stat } of store.list(wanted.bucket, wanted.prefix)) {
      if (isFolderMarker(objectKey, stat.size) || !isWanted(objectKey, wanted)) continue;
      found.push({ bucket: wanted.bucket, objectKey, stat });
    }
    return found;
  });
  return listed.flat();
}

function refuseDuplicates(store: ObjectStore, found: readonly FoundObject[]): void {
  const seen = new Set<string>();
  for (const object of found) {
    const uri = store.uri(object);
    if (seen.has(uri))
      throw new InvalidInputError(`${uri}: expected each input once, got it twice; duplicate input`);
    seen.add(uri);
  }
}
