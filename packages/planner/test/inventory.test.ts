import { gzipSync } from 'node:zlib';
import type { InventoryInput } from '@mapreduce/shared-utils';
import { failBySeed, failCalls, SLOW_DOWN } from '@mapreduce/shared-utils/testing';
import { findInputs } from '../src/find-inputs';
import {
  ALL_VERSIONS,
  CURRENT,
  encodeKey,
  etagOf,
  formatRows,
  MANIFEST,
  MANIFEST_URI,
  putRow,
  type Row,
  startBucket,
  writeInventory,
} from './inventory-fixture';

let bucket: Awaited<ReturnType<typeof startBucket>>;
beforeEach(async () => {
  bucket = await startBucket();
});
afterEach(() => bucket.close());

const put = (key: string, content: string | Uint8Array = `content of ${key}`, fields: Row = {}) =>
  putRow(bucket.server, key, content, fields);
const write = (rows: readonly Row[], schema = CURRENT, changes: object = {}) =>
  writeInventory(bucket.server, schema, [formatRows(schema, rows)], changes);
const find = (wanted: Omit<InventoryInput, 'manifest'> = {}) =>
  findInputs(bucket.store, { inventory: { manifest: MANIFEST, ...wanted } });
const keys = async (wanted?: Omit<InventoryInput, 'manifest'>) => (await find(wanted)).map(({ key }) => key);
const callsTo = (name: string) => bucket.server.calls.filter((call) => call.bucket === name);

describe('an S3 Inventory', () => {
  it('gives each object pinned by the etag and size that it lists, with one request for its first bytes', async () => {
    const gzip = gzipSync('{}');
    write([put('a.jsonl', '{}'), put('b.jsonl.gz', gzip)]);
    expect(await find()).toEqual([
      { bucket: 'raw', key: 'a.jsonl', size: 2, etag: `"${etagOf('{}')}"`, compression: 'none' },
      { bucket: 'raw', key: 'b.jsonl.gz', size: gzip.length, etag: `"${etagOf(gzip)}"`, compression: 'gzip' },
    ]);
    const asked = callsTo('raw').map(({ operation, headers }) => [operation, headers['if-match']]);
    expect(asked).toEqual([
      ['GetObject', `"${etagOf('{}')}"`],
      ['GetObject', `"${etagOf(gzip)}"`],
    ]);
  });

  it('C31 gives odd keys exactly, and reads nothing but them', async () => {
    const odd = [
      'a b',
      'a+b',
      '100%',
      '%20',
      'é',
      '#?&="',
      'comma,quote"',
      'line\nbreak',
      '../up',
      "o'clock!*()",
      '😀',
    ];
    write(odd.map((key) => put(key)));
    expect(await keys()).toEqual(odd);
  });

  it('is read whole in the order of its files and rows, cut anywhere', async () => {
    const names = Array.from({ length: 3000 }, (_, index) => `part-${index}`);
    const rows = names.map((name) => put(name, 'x'));
    const files = [rows.slice(0, 1), rows.slice(1, 2000), rows.slice(2000), []];
    writeInventory(
      bucket.server,
      CURRENT,
      files.map((some) => formatRows(CURRENT, some)),
    );
    expect(await keys()).toEqual(names);
  });

  it('takes its files from the bucket that the manifest names', async () => {
    write([put('a')]);
    const copy = { bucket: 'raw', key: 'copy/manifest.json' };
    const manifest = bucket.server.objects.get(`${MANIFEST.bucket}/${MANIFEST.key}`) as Uint8Array;
    bucket.server.objects.set(`${copy.bucket}/${copy.key}`, manifest);
    const [found] = await findInputs(bucket.store, { inventory: { manifest: copy } });
    expect(found?.key).toBe('a');
  });

  it('takes members of gzip, CRLF and fields without quotes', async () => {
    const rows = [put('a'), put('b'), put('c')].map((row) => formatRows('Bucket, Key, Size, ETag', [row]));
    const [first = '', second = '', third = ''] = rows;
    const content = Buffer.concat([
      gzipSync(first.replaceAll('"', '')),
      gzipSync(second.replace('\n', '\r\n')),
      gzipSync(third.trimEnd()),
    ]);
    writeInventory(bucket.server, 'Bucket, Key, Size, ETag', [content]);
    expect(await keys()).toEqual(['a', 'b', 'c']);
  });

  it.each([
    ['a prefix', { prefix: 'logs/' }, ['logs/1.jsonl', 'logs/2.gz']],
    ['a suffix', { suffix: '.jsonl' }, ['logs/1.jsonl', 'other.jsonl']],
    ['both', { prefix: 'logs/', suffix: '.jsonl' }, ['logs/1.jsonl']],
    ['an encoded one', { prefix: 'a b/' }, ['a b/+']],
  ])('is filtered by %s', async (_, wanted, expected) => {
    write(['logs/1.jsonl', 'logs/2.gz', 'other.jsonl', 'a b/+'].map((key) => put(key)));
    expect(await keys(wanted)).toEqual(expected);
  });

  it.each([
    ['from a time on', { modifiedFrom: '2025-12-01T00:00:00Z' }, ['first', 'last']],
    ['before a time', { modifiedBefore: '2025-12-01T00:00:00Z' }, ['earlier']],
    [
      'within a day, as another zone has it',
      { modifiedFrom: '2025-12-01T05:30:00+05:30', modifiedBefore: '2025-12-02T05:30:00+05:30' },
      ['first', 'last'],
    ],
    ['within its last millisecond', { modifiedFrom: '2025-12-01T23:59:59.999Z' }, ['last']],
  ])('is filtered by time: %s', async (_, wanted, expected) => {
    write([
      put('earlier', 'x', { LastModifiedDate: '2025-11-30T23:59:59.999Z' }),
      put('first', 'x', { LastModifiedDate: '2025-12-01T00:00:00.000Z' }),
      put('last', 'x', { LastModifiedDate: '2025-12-01T23:59:59.999Z' }),
    ]);
    expect(await keys(wanted)).toEqual(expected);
  });

  it('C31 gives no folder marker, but what is in a key that ends with a slash', async () => {
    write([put('logs/', ''), put('logs/a', ''), put('odd/', 'x')]);
    expect(await keys()).toEqual(['logs/a', 'odd/']);
  });

  it('refuses the same object twice', async () => {
    write([put('a'), put('a')]);
    await expect(find()).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringContaining('s3://raw/a: expected each input once'),
    });
  });

  describe('of all versions', () => {
    const versioned = async () => {
      const url = `${bucket.server.endpoint}/raw`;
      const body = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>';
      await fetch(`${url}?versioning`, { method: 'PUT', body });
      return async (key: string, content: string) => {
        const answer = await fetch(`${url}/${key}`, { method: 'PUT', body: content });
        return {
          Key: key,
          VersionId: answer.headers.get('x-amz-version-id') ?? '',
          Size: String(content.length),
          ETag: etagOf(content),
        };
      };
    };

    it('gives the current one, and of a deleted object none', async () => {
      const upload = await versioned();
      const old = { ...(await upload('a', 'first')), IsLatest: 'false' };
      const current = await upload('a', 'second!');
      const deleted = { ...(await upload('gone', 'x')), IsLatest: 'false' };
      const marker = { Key: 'gone', VersionId: 'marker', IsDeleteMarker: 'True', Size: '', ETag: '' };
      write([current, old, marker, deleted], ALL_VERSIONS);
      expect(await find()).toEqual([
        {
          bucket: 'raw',
          key: 'a',
          versionId: 'version-2',
          size: 7,
          etag: `"${etagOf('second!')}"`,
          compression: 'none',
        },
      ]);
    });

    it('C25 gives the version that it lists, although it was overwritten since', async () => {
      const upload = await versioned();
      const rows = [await upload('a', 'first'), await upload('empty', '')];
      write(rows, ALL_VERSIONS);
      await upload('a', 'second!');
      await upload('empty', 'no more');
      expect(await find()).toMatchObject([
        { key: 'a', versionId: 'version-1', size: 5 },
        { key: 'empty', versionId: 'version-1', size: 0 },
      ]);
    });

    it('gives an object from before there were versions', async () => {
      write([put('a'), put('b', 'x', { VersionId: '' })], ALL_VERSIONS);
      expect((await find()).map((found) => 'versionId' in found)).toEqual([false, false]);
    });
  });

  describe('that is stale', () => {
    const advice = 'use a newer inventory, or one of all versions of a bucket that keeps them';

    it.each([
      ['was overwritten since', 'first', 'second', 'InputChangedError', 'got one written since'],
      ['was filled since', '', 'filled', 'InputChangedError', 'got one written since'],
      ['was deleted since', 'first', null, 'InputNotFoundError', 'got none: it was deleted since'],
      ['was empty and deleted since', '', null, 'InputNotFoundError', 'got none: it was deleted since'],
    ])('C25 fails the run where an object %s', async (_, listed, now, name, got) => {
      write([put('a', listed)]);
      if (now === null) bucket.server.objects.delete('raw/a');
      else put('a', now);
      await expect(find()).rejects.toMatchObject({
        name,
        message: `s3://raw/a: expected the object that ${MANIFEST_URI} lists, ${got}; ${advice}`,
      });
    });

    it.each(['Bucket, Key', 'Bucket, Key, Size', 'Bucket, Key, ETag'])(
      'gives the object as it is now where its columns are %s',
      async (schema) => {
        write([put('a', 'first')], schema);
        put('a', 'second!');
        expect(await find()).toMatchObject([{ key: 'a', size: 7, etag: `"${etagOf('second!')}"` }]);
      },
    );
  });

  it('C28 names an object in an archive storage class, and takes one that has been restored', async () => {
    write(['GLACIER', 'DEEP_ARCHIVE'].map((StorageClass) => put(StorageClass, 'x', { StorageClass })));
    expect(await keys()).toEqual(['GLACIER', 'DEEP_ARCHIVE']);
    const isMeant = ({ objectKey }: { objectKey: string }) => objectKey === 'DEEP_ARCHIVE';
    bucket.server.injectFaults(
      failCalls({ isMeant }, { kind: 'status', status: 403, code: 'InvalidObjectState' }),
    );
    await expect(find()).rejects.toMatchObject({
      name: 'UnsupportedInputError',
      message: expect.stringMatching(/^s3:\/\/raw\/DEEP_ARCHIVE: .*archive/),
    });
  });

  it('C29 gives the same while a third of all calls goes wrong', async () => {
    const names = Array.from({ length: 50 }, (_, index) => `part-${index}`);
    write(names.map((name) => put(name)));
    const cut = { kind: 'cut', afterBytes: 20 } as const;
    bucket.server.injectFaults(failBySeed(7, 1 / 3, [SLOW_DOWN, { kind: 'reset' }, cut]));
    expect(await keys()).toEqual(names);
  });

  it('C23 fails where nothing is listed or wanted', async () => {
    write([]);
    await expect(find()).rejects.toMatchObject({ name: 'InvalidInputError' });
    write([put('a')]);
    await expect(find({ prefix: 'b' })).rejects.toThrow('expected at least one object');
  });

  describe('is refused', () => {
    const row = () => formatRows(CURRENT, [put('a')]);

    it.each<[string, () => void, string, string | RegExp]>([
      ['where there is none', () => {}, 'InputNotFoundError', MANIFEST_URI],
      [
        'in ORC',
        () => write([], CURRENT, { fileFormat: 'ORC', fileSchema: 'struct<bucket:string,key:string>' }),
        'UnsupportedInputError',
        `${MANIFEST_URI}: expected an inventory in CSV, got "ORC"; set the output format of the bucket's inventory configuration to CSV`,
      ],
      [
        'in Parquet',
        () => write([], CURRENT, { fileFormat: 'Parquet', fileSchema: 'message s3.inventory { }' }),
        'UnsupportedInputError',
        'expected an inventory in CSV, got "Parquet"',
      ],
      [
        'as something else than JSON',
        () => bucket.server.objects.set(`${MANIFEST.bucket}/${MANIFEST.key}`, Buffer.from('"raw","a"\n')),
        'InvalidInputError',
        `${MANIFEST_URI}: expected the manifest.json of an S3 Inventory, got`,
      ],
      [
        'without files',
        () => write([], CURRENT, { files: undefined }),
        'InvalidInputError',
        `${MANIFEST_URI}: field files: expected the manifest.json of an S3 Inventory, got "undefined"; name the manifest.json that S3 wrote`,
      ],
      [
        'with a file without checksum',
        () => write([], CURRENT, { files: [{ key: 'a', size: 1, MD5checksum: '' }] }),
        'InvalidInputError',
        'field files.0.MD5checksum',
      ],
      [
        'with a bucket that is no ARN',
        () => write([], CURRENT, { destinationBucket: 'reports' }),
        'InvalidInputError',
        'field destinationBucket',
      ],
      [
        'without the column Key',
        () => write([], 'Bucket, Size'),
        'InvalidInputError',
        `${MANIFEST_URI}: expected column Key in fileSchema, got "Bucket, Size"; add it to the metadata`,
      ],
      [
        'with rows of another bucket',
        () => write([put('a', 'x', { Bucket: 'other' })]),
        'CorruptInputError',
        /csv\.gz: row 1: expected bucket raw, got "other"; take another inventory$/,
      ],
      [
        'with a field too few',
        () => writeInventory(bucket.server, CURRENT, [row() + row().replace(',""\n', '\n')]),
        'CorruptInputError',
        /row 2: expected 17 fields, got 16;/,
      ],
      [
        'with an open quote',
        () => writeInventory(bucket.server, CURRENT, [row().replace('"\n', '\n')]),
        'CorruptInputError',
        /row 1: expected a CSV record, got "/,
      ],
      [
        'with a key that is not encoded',
        () => write([put('a', 'x', { Key: '100%' })]),
        'CorruptInputError',
        /row 1: expected a URL-encoded key, got "100%";/,
      ],
      [
        'with a key in raw UTF-8',
        () => write([put('a', 'x', { Key: 'é' })]),
        'CorruptInputError',
        /row 1: expected a URL-encoded key/,
      ],
      [
        'with a size that is no number',
        () => write([put('a', 'x', { Size: '-1' })]),
        'CorruptInputError',
        /row 1: expected a whole number in Size, got "-1";/,
      ],
      [
        'with a flag that is none',
        () => write([put('a', 'x', { IsLatest: 'yes' })], ALL_VERSIONS),
        'CorruptInputError',
        /row 1: expected true or false in IsLatest, got "yes";/,
      ],
      [
        'with a row without end',
        () => writeInventory(bucket.server, CURRENT, [`"${'a'.repeat(3_000_000)}`]),
        'CorruptInputError',
        /expected rows of at most 1048576 characters/,
      ],
      [
        'cut short',
        () => writeInventory(bucket.server, CURRENT, [gzipSync(row().repeat(100)).subarray(0, -9)]),
        'CorruptInputError',
        /expected complete gzip data, got "unexpected end of file"/,
      ],
      [
        'without gzip',
        () => writeInventory(bucket.server, CURRENT, [Buffer.from(row())]),
        'CorruptInputError',
        /expected complete gzip data, got "incorrect header check"/,
      ],
    ])('%s', async (_, prepare, name, message) => {
      prepare();
      await expect(find()).rejects.toMatchObject({
        name,
        message:
          typeof message === 'string' ? expect.stringContaining(message) : expect.stringMatching(message),
      });
      expect(callsTo('raw')).toEqual([]);
    });

    it.each([
      [
        'MD5',
        { MD5checksum: '0'.repeat(32) },
        /expected \d+ bytes with MD5 0{32}, got \d+ with [0-9a-f]{32};/,
      ],
      ['size', { size: 7 }, /expected 7 bytes with MD5 [0-9a-f]{32}, got \d+ with/],
    ])('with a file of another %s than the manifest says', async (_, change, message) => {
      write([put('a')]);
      const name = `${MANIFEST.bucket}/${MANIFEST.key}`;
      const manifest = JSON.parse(Buffer.from(bucket.server.objects.get(name) ?? []).toString());
      Object.assign(manifest.files[0], change);
      bucket.server.objects.set(name, Buffer.from(JSON.stringify(manifest)));
      await expect(find()).rejects.toMatchObject({
        name: 'CorruptInputError',
        message: expect.stringMatching(message),
      });
    });

    it('for a choice by time where it has no times', async () => {
      write([put('a')], 'Bucket, Key, Size');
      await expect(find({ modifiedFrom: '2025-12-01T00:00:00Z' })).rejects.toMatchObject({
        name: 'InvalidInputError',
        message: expect.stringMatching(
          /expected column LastModifiedDate in fileSchema, .* or leave out modified_from and modified_before$/,
        ),
      });
      write([put('a', 'x', { LastModifiedDate: 'yesterday' })]);
      await expect(find({ modifiedBefore: '2025-12-01T00:00:00Z' })).rejects.toMatchObject({
        name: 'CorruptInputError',
        message: expect.stringContaining('expected a time in LastModifiedDate, got "yesterday"'),
      });
    });
  });

  it('gives what is wanted of a hundred thousand rows', async () => {
    const rows = Array.from({ length: 100_000 }, (_, index) => ({
      Key: encodeKey(`other/${index}`),
      Size: '1',
      ETag: 'e',
    }));
    writeInventory(bucket.server, CURRENT, [formatRows(CURRENT, [...rows, put('wanted/a')])]);
    expect(await keys({ prefix: 'wanted/' })).toEqual(['wanted/a']);
  });
});
