import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { connectStore, impatientTime, type S3Server, startS3Server } from '@mapreduce/shared-utils/testing';

const FOLDER = 'inventories/raw/daily';
export const MANIFEST = { bucket: 'reports', key: `${FOLDER}/2025-12-02T01-00Z/manifest.json` };
export const MANIFEST_URI = `s3://${MANIFEST.bucket}/${MANIFEST.key}`;

/** All that an inventory of current versions can hold, in the order in which S3 writes it. */
export const CURRENT =
  'Bucket, Key, Size, LastModifiedDate, ETag, StorageClass, IsMultipartUploaded, ReplicationStatus, EncryptionStatus, ObjectLockRetainUntilDate, ObjectLockMode, ObjectLockLegalHoldStatus, IntelligentTieringAccessTier, BucketKeyStatus, ChecksumAlgorithm, ObjectAccessControlList, ObjectOwner';
export const ALL_VERSIONS =
  'Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, ETag, StorageClass';

/** Fields by column; the rest is as S3 leaves it where there is nothing to say. */
export type Row = Readonly<Record<string, string>>;

export async function startBucket() {
  const server = await startS3Server({ buckets: ['raw', 'reports'] });
  const store = connectStore(server, { time: impatientTime });
  return {
    server,
    store,
    close: async () => {
      store.destroy();
      await server.close();
    },
  };
}

export function etagOf(content: string | Uint8Array): string {
  return createHash('md5').update(content).digest('hex');
}

/** Puts an object into the bucket; the row is what an inventory says of it. */
export function putRow(server: S3Server, key: string, content: string | Uint8Array, fields: Row = {}): Row {
  server.objects.set(`raw/${key}`, Buffer.from(content));
  return {
    Key: encodeKey(key),
    Size: String(content.length),
    ETag: etagOf(content),
    ...fields,
  };
}

/** As S3 does: a space is a plus, slashes stay. */
export function encodeKey(key: string): string {
  return encodeURIComponent(key)
    .replace(/[!'()]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
    .replaceAll('%2F', '/');
}

const DEFAULTS: Row = {
  Bucket: 'raw',
  LastModifiedDate: '2025-12-01T10:00:00.000Z',
  IsLatest: 'true',
  IsDeleteMarker: 'false',
  StorageClass: 'STANDARD',
  IsMultipartUploaded: 'false',
  EncryptionStatus: 'SSE-S3',
  BucketKeyStatus: 'DISABLED',
};

export function formatRows(schema: string, rows: readonly Row[]): string {
  const columns = schema.split(', ');
  const lines = rows.map((row) =>
    columns.map((column) => `"${row[column] ?? DEFAULTS[column] ?? ''}"`).join(','),
  );
  return lines.map((line) => `${line}\n`).join('');
}

/** Writes an inventory of these files as S3 does, and returns the manifest. */
export function writeInventory(
  server: S3Server,
  schema: string,
  files: readonly (string | Uint8Array)[],
  changes: object = {},
): void {
  const entries = files.map((content, index) => {
    const stored = typeof content === 'string' ? gzipSync(content) : content;
    const key = `${FOLDER}/data/${index}d1f0e34-5c3c-4ba3-b24f-2b9b0f1c7c0e.csv.gz`;
    server.objects.set(`reports/${key}`, stored);
    return { key, size: stored.length, MD5checksum: etagOf(stored) };
  });
  const manifest = {
    sourceBucket: 'raw',
    destinationBucket: 'arn:aws:s3:::reports',
    version: '2016-11-30',
    creationTimestamp: '1764637200000',
    fileFormat: 'CSV',
    fileSchema: schema,
    files: entries,
    ...changes,
  };
  server.objects.set(`${MANIFEST.bucket}/${MANIFEST.key}`, Buffer.from(JSON.stringify(manifest, null, 2)));
}
