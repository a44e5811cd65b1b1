import { CorruptInputError, InvalidInputError, type InventoryInput, quote } from '@mapreduce/shared-utils';
import { type FoundObject, isFolderMarker, isWanted } from './found-object';
import type { InventoryManifest } from './inventory-manifest';

/** The object of a row, or null for one that is not wanted. @throws CorruptInputError */
export type RowReader = (fields: readonly string[]) => FoundObject | null;

const BOOLEANS: Readonly<Record<string, boolean>> = { true: true, false: false };

/**
 * Reads rows by the columns that the manifest names. Of all versions of a key only the current one is taken, and
 * no delete marker.
 *
 * An inventory is a snapshot that may be days old, and the objects that it lists are what is counted: its etag,
 * size and version are kept, and the object is read under them. So one that was overwritten since, or deleted,
 * is read as it was where the inventory names versions, and fails the run where it does not: another object
 * would not be what the inventory, and a choice by time, says. Where etag or size is no column, the object is
 * pinned as it is now. What the inventory does not have yet is not counted.
 *
 * Archived objects are not told by their storage class: a restored one still has it. The look at their first
 * bytes tells.
 * @throws InvalidInputError where a column is missing that is needed
 */
export function createRowReader(
  where: string,
  { columns, sourceBucket }: InventoryManifest,
  wanted: InventoryInput,
): RowReader {
  const needed = ['Bucket', 'Key', ...(hasTimes(wanted) ? ['LastModifiedDate'] : [])];
  for (const column of needed) requireColumn(where, columns, column);
  const at = Object.fromEntries(columns.map((column, index) => [column, index]));
  const isInTime = createTimeFilter(wanted);

  return (fields) => {
    if (fields.length !== columns.length) throw expected(`${columns.length} fields`, String(fields.length));
    const field = (column: string): string | undefined => fields[at[column] ?? -1];
    const flag = (column: string, otherwise: boolean) => parseFlag(column, field(column), otherwise);
    if (field('Bucket') !== sourceBucket)
      throw expected(`bucket ${sourceBucket}`, quote(field('Bucket') ?? ''));
    if (!flag('IsLatest', true) || flag('IsDeleteMarker', false)) return null;
    const objectKey = decodeKey(field('Key') ?? '');
    if (!isWanted(objectKey, wanted) || !isInTime(field('LastModifiedDate'))) return null;
    const size = parseSize(field('Size'));
    if (isFolderMarker(objectKey, size)) return null;
    const etag = detach(field('ETag'));
    const versionId = detach(field('VersionId'));
    return {
      bucket: sourceBucket,
      objectKey: detach(objectKey),
      inventory: where,
      ...(versionId !== '' && { versionId }),
      ...(size !== undefined && etag !== '' && { stat: statOf(size, etag, versionId) }),
    };
  };
}

/** A string of its own: V8 keeps a slice's whole text alive, here a mebibyte for a few bytes that are kept. */
function detach(slice = ''): string {
  return Buffer.from(slice).toString();
}

/** An answer of S3 has the etag in quotes, an inventory has not. */
function statOf(size: number, etag: string, versionId: string) {
  return { size, etag: etag.startsWith('"') ? etag : `"${etag}"`, ...(versionId !== '' && { versionId }) };
}

function requireColumn(where: string, columns: readonly string[], column: string): void {
  if (columns.includes(column)) return;
  throw new InvalidInputError(
    `${where}: expected column ${column} in fileSchema, got ${quote(columns.join(', '))}; add it to the metadata of the bucket's inventory configuration${column === 'LastModifiedDate' ? ', or leave out modified_from and modified_before' : ''}`,
  );
}

function hasTimes({ modifiedFrom, modifiedBefore }: InventoryInput): boolean {
  return modifiedFrom !== undefined || modifiedBefore !== undefined;
}

/** Half open, so that each object is in one of two windows that meet. */
function createTimeFilter(wanted: InventoryInput): (modified: string | undefined) => boolean {
  if (!hasTimes(wanted)) return () => true;
  const from = Date.parse(wanted.modifiedFrom ?? '0001-01-01T00:00:00Z');
  const before = Date.parse(wanted.modifiedBefore ?? '9999-12-31T23:59:59Z');
  return (modified = '') => {
    const time = Date.parse(modified);
    if (Number.isNaN(time)) throw expected('a time in LastModifiedDate', quote(modified));
    return from <= time && time < before;
  };
}

/** Encoded as a form is: a space is `+`, and a plus is `%2B`. Most have neither, nor anything else to decode. */
function decodeKey(encoded: string): string {
  if (/^[!-$&-*,-~]+$/.test(encoded)) return encoded;
  try {
    if (/^[!-~]+$/.test(encoded)) return decodeURIComponent(encoded.replaceAll('+', ' '));
  } catch {
    // As below.
  }
  throw expected('a URL-encoded key', quote(encoded));
}

/** A delete marker has none. */
function parseSize(size = ''): number | undefined {
  if (size === '') return undefined;
  if (!/^\d{1,15}$/.test(size)) throw expected('a whole number in Size', quote(size));
  return Number(size);
}

function parseFlag(column: string, value: string | undefined, otherwise: boolean): boolean {
  if (value === undefined) return otherwise;
  const flag = BOOLEANS[value.toLowerCase()];
  if (flag === undefined) throw expected(`true or false in ${column}`, quote(value));
  return flag;
}

/** The place is added by whoever knows it. */
function expected(what: string, got: string): CorruptInputError {
  return new CorruptInputError(`expected ${what}, got ${got}; take another inventory`);
}
