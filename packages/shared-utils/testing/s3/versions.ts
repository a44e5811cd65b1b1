import { digestOf } from './checksum';
import { S3Error } from './s3-error';
import { encodeKey, type S3Answer, type S3Command, type S3State, xmlAnswer } from './state';
import { findContents, findElements, formatElement } from './xml';

const MAX_KEYS = 1000;

/** Stands for a deletion among the versions of an object. */
const DELETE_MARKER = new Uint8Array();

/** The version of an object before its bucket kept any. */
const NO_VERSION = 'null';

interface ListedVersion {
  readonly key: string;
  readonly id: string;
  readonly bytes: Uint8Array;
  readonly isLatest: boolean;
}

export function findVersion(
  { objects, versions }: S3State,
  { name, query }: S3Command,
): { bytes: Uint8Array; versionId?: string } {
  const known = versions.get(name) ?? new Map<string, Uint8Array>();
  const wanted = query.get('versionId');
  const bytes = wanted === null ? objects.get(name) : known.get(wanted);
  if (bytes === undefined) throw new S3Error(404, wanted === null ? 'NoSuchKey' : 'NoSuchVersion');
  if (bytes === DELETE_MARKER) throw new S3Error(405, 'MethodNotAllowed');
  const versionId = wanted ?? [...known].findLast(([, version]) => version === bytes)?.[0];
  return { bytes, ...(versionId !== undefined && { versionId }) };
}

/** Keeps the bytes as the newest version where the bucket has versions, and tells its id. */
export function addVersion(
  { versions, versionedBuckets }: S3State,
  { bucket, name }: { readonly bucket: string; readonly name: string },
  bytes: Uint8Array,
): string | undefined {
  if (!versionedBuckets.has(bucket)) return undefined;
  const known = versions.get(name) ?? new Map<string, Uint8Array>();
  const newest = Number([...known.keys()].at(-1)?.replace('version-', '') ?? 0);
  const id = `version-${newest + 1}`;
  versions.set(name, known.set(id, bytes));
  return id;
}

export function deleteObject(state: S3State, { bucket, objectKey, query }: S3Command): S3Answer {
  deleteVersion(state, bucket, objectKey, query.get('versionId') ?? undefined);
  return { status: 204 };
}

export function deleteObjects(state: S3State, { bucket, body }: S3Command): S3Answer {
  const objects = findContents(body, 'Object').map((object) => Buffer.from(object));
  if (objects.length > MAX_KEYS) throw new S3Error(400, 'MalformedXML');
  for (const object of objects) {
    const [key = ''] = findElements(object, 'Key');
    deleteVersion(state, bucket, key, findElements(object, 'VersionId')[0]);
  }
  return xmlAnswer('DeleteResult', '');
}

function deleteVersion(state: S3State, bucket: string, key: string, id: string | undefined): void {
  const { objects, versions } = state;
  const name = `${bucket}/${key}`;
  if (id === undefined) {
    objects.delete(name);
    addVersion(state, { bucket, name }, DELETE_MARKER);
    return;
  }
  const known = versions.get(name);
  known?.delete(id);
  const newest = [...(known?.values() ?? [])].at(-1);
  if (newest === undefined || newest === DELETE_MARKER) objects.delete(name);
  else objects.set(name, newest);
}

/** The newest version of a key comes first. A page begins after the version that its markers name. */
export function listVersions(state: S3State, { bucket, query }: S3Command): S3Answer {
  const all = versionsOf(state, bucket, query.get('prefix') ?? '');
  const marker = { key: query.get('key-marker'), id: query.get('version-id-marker') };
  const begin = all.findLastIndex(({ key, id }) => key === marker.key && id === (marker.id ?? id)) + 1;
  const page = all.slice(begin, begin + Math.min(Number(query.get('max-keys') ?? MAX_KEYS), MAX_KEYS));
  const last = page.at(-1);
  const isTruncated = last !== undefined && begin + page.length < all.length;
  const encoding = query.get('encoding-type');
  const fields = [
    formatElement('IsTruncated', isTruncated),
    isTruncated ? `<NextKeyMarker>${encodeKey(last.key, query)}</NextKeyMarker>` : '',
    isTruncated ? formatElement('NextVersionIdMarker', last.id) : '',
    encoding === null ? '' : formatElement('EncodingType', encoding),
  ];
  const items = page.map((version) => formatVersion(version, query));
  return xmlAnswer('ListVersionsResult', fields.join('') + items.join(''));
}

function versionsOf({ objects, versions }: S3State, bucket: string, prefix: string): ListedVersion[] {
  const names = new Set([...objects.keys(), ...versions.keys()]);
  const keys = [...names]
    .filter((name) => name.startsWith(`${bucket}/${prefix}`))
    .map((name) => Buffer.from(name.slice(bucket.length + 1)))
    .sort(Buffer.compare)
    .map(String);
  return keys.flatMap((key) => {
    const current = objects.get(`${bucket}/${key}`);
    const known = [...(versions.get(`${bucket}/${key}`) ?? [])].reverse();
    const all = known.length === 0 && current !== undefined ? [[NO_VERSION, current] as const] : known;
    return all.map(([id, bytes], index) => ({ key, id, bytes, isLatest: index === 0 }));
  });
}

function formatVersion({ key, id, bytes, isLatest }: ListedVersion, query: URLSearchParams): string {
  const common = [
    `<Key>${encodeKey(key, query)}</Key>`,
    formatElement('VersionId', id),
    formatElement('IsLatest', isLatest),
  ].join('');
  if (bytes === DELETE_MARKER) return `<DeleteMarker>${common}</DeleteMarker>`;
  const fields = formatElement('Size', bytes.length) + formatElement('ETag', digestOf(bytes).etag);
  return `<Version>${common}${fields}</Version>`;
}
