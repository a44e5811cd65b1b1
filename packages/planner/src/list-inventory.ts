import { type InventoryInput, mapConcurrently, type ObjectStore, readText } from '@mapreduce/shared-utils';
import type { FoundObject } from './found-object';
import { readInventoryFile } from './inventory-file';
import { parseInventoryManifest } from './inventory-manifest';
import { createRowReader } from './inventory-row';

/** Each has up to 64 MiB of its file in memory, read ahead. */
const CONCURRENT_FILES = 2;

/**
 * The current objects that an S3 Inventory lists and the input wants, in the inventory's order. The memory that
 * it takes grows with what is wanted, not with what is listed.
 * @throws InvalidInputError, UnsupportedInputError for what is no inventory in CSV, CorruptInputError, InputNotFoundError
 */
export async function listInventory(store: ObjectStore, input: InventoryInput): Promise<FoundObject[]> {
  const ref = { bucket: input.manifest.bucket, objectKey: input.manifest.key };
  const where = store.uri(ref);
  const manifest = parseInventoryManifest(where, await readText(store, ref));
  const readRow = createRowReader(where, manifest, input);
  const found = await mapConcurrently(manifest.files, CONCURRENT_FILES, (file) =>
    readInventoryFile(store, file, readRow),
  );
  return found.flat();
}
