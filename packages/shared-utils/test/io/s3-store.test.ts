import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { DeleteObjectsCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import {
  InputChangedError,
  InputNotFoundError,
  InvalidInputError,
  type ObjectRef,
  type ObjectStore,
  readBytes,
  readText,
  StoreUnavailableError,
  UnsupportedInputError,
} from '../../src';
import { createS3Store } from '../../src/io/s3-store';
import {
  describeObjectStore,
  type S3Fault,
  type S3Request,
  type S3Server,
  startS3Server,
} from '../../testing';

const MIB = 1024 * 1024;
/** Enough for an answer of this machine's own server, however busy it is. */
const IMPATIENT_MS = 100;

const ref: ObjectRef = { bucket: 'bucket', objectKey: 'folder/object' };
const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7 + (i >> 8)) & 0xff));

function connect({ endpoint }: { endpoint: string }): S3Client {
  return new S3Client({
    endpoint,
    forcePathStyle: true,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 2,
  });
}

describeObjectStore('S3', async () => {
  const server = await startS3Server({ buckets: ['bucket'] });
  const client = connect(server);
  return {
    store: createS3Store(client),
    bucket: 'bucket',
    countOpenHandles: async () => server.countOpenAnswers() + server.countUploads(),
    close: async () => {
      client.destroy();
      await server.close();
    },
  };
});

describe('the S3 store', () => {
  let server: S3Server;
  let client: S3Client;
  let store: ObjectStore;
  let requests: S3Request[];
  let onRequest: (request: S3Request, nth: number) => S3Fault | undefined;

  beforeEach(async () => {
    requests = [];
    onRequest = () => undefined;
    server = await startS3Server({
      buckets: ['bucket'],
      onRequest: (request) => onRequest(request, requests.push(request)),
    });
    server.objects.set('bucket/folder/object', content);
    client = connect(server);
    store = createS3Store(client);
    // Every pause before a retry, the SDK's and ours, is a random share of a longest one.
    jest.spyOn(Math, 'random').mockReturnValue(0);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    client.destroy();
    await server.close();
  });

  const useImpatientStore = () => {
    store = createS3Store(client, { idleTimeoutMs: IMPATIENT_MS, requestTimeoutMs: IMPATIENT_MS });
  };

  /** The first `count` requests go wrong. */
  const failFirst = (count: number, fault: S3Fault) => {
    onRequest = (_, nth) => (nth <= count ? fault : undefined);
  };
  const failAlways = (fault: S3Fault) => failFirst(Number.POSITIVE_INFINITY, fault);
  const rangesAsked = () => requests.map(({ headers }) => headers.range);

  const write = async (pieces: readonly Uint8Array[]) => {
    const writer = store.createWriter(ref);
    for (const piece of pieces) await writer.write(piece);
    await writer.close();
  };
  const list = async () => {
    for await (const { size } of store.list('bucket', '')) expect(size).toBeGreaterThan(0);
  };

  const calls: ReadonlyArray<{ call: string; permission: string; act: () => Promise<unknown> }> = [
    { call: 'head', permission: 's3:GetObject', act: () => store.head(ref) },
    { call: 'read', permission: 's3:GetObject', act: () => readBytes(store, ref) },
    { call: 'put', permission: 's3:PutObject', act: () => store.put(ref, content) },
    { call: 'a small writer', permission: 's3:PutObject', act: () => write([content]) },
    { call: 'a large writer', permission: 's3:PutObject', act: () => write([new Uint8Array(9 * MIB)]) },
    { call: 'list', permission: 's3:ListBucket', act: list },
    { call: 'delete', permission: 's3:DeleteObject', act: () => store.delete([ref]) },
  ];

  it('names an object by its URI', () => {
    expect(store.uri(ref)).toBe('s3://bucket/folder/object');
  });

  describe('a broken body', () => {
    it.each([
      { what: 'before its first byte', afterBytes: 0 },
      { what: 'after its first byte', afterBytes: 1 },
      { what: 'in the middle', afterBytes: 150_000 },
      { what: 'before its last byte', afterBytes: content.length - 1 },
    ])('is resumed where it was cut $what', async ({ afterBytes }) => {
      failFirst(1, { kind: 'cut', afterBytes });
      expect(Buffer.compare(await readBytes(store, ref), content)).toBe(0);
      expect(rangesAsked()).toEqual([undefined, expect.stringMatching(/^bytes=\d+-299999$/)]);
      expect(requests[1]?.headers['if-match']).toBe((await store.head(ref)).etag);
    });

    it('of a range is resumed in that range, again and again', async () => {
      failFirst(3, { kind: 'cut', afterBytes: 1000 });
      const range = { start: 100, end: 10_000 };
      const bytes = await readBytes(store, ref, { range });
      expect(Buffer.compare(bytes, content.subarray(100, 10_000))).toBe(0);
      expect(rangesAsked()).toEqual([
        'bytes=100-9999',
        'bytes=1100-9999',
        'bytes=2100-9999',
        'bytes=3100-9999',
      ]);
    });

    it('that is cut every time ends the read with an error, after six requests', async () => {
      failAlways({ kind: 'cut', afterBytes: 1000 });
      const reading = readBytes(store, ref);
      await expect(reading).rejects.toThrow(StoreUnavailableError);
      await expect(reading).rejects.toThrow('the body broke at byte 6000 of 300000');
      expect(requests).toHaveLength(6);
    });

    it('is not resumed with the bytes of another object', async () => {
      onRequest = (_, nth) => {
        if (nth > 1) server.objects.set('bucket/folder/object', Buffer.alloc(content.length));
        return nth === 1 ? { kind: 'cut', afterBytes: 1000 } : undefined;
      };
      await expect(readBytes(store, ref)).rejects.toThrow(InputChangedError);
    });

    it.each([
      { what: 'before its first byte', fault: { kind: 'stall', afterBytes: 0 } as const },
      { what: 'in the middle', fault: { kind: 'stall', afterBytes: 150_000 } as const },
      { what: 'before its answer', fault: { kind: 'silence' } as const },
    ])('that stalls $what is given up and resumed', async ({ fault }) => {
      useImpatientStore();
      failFirst(1, fault);
      expect(Buffer.compare(await readBytes(store, ref), content)).toBe(0);
      expect(requests.length).toBeGreaterThan(1);
    });

    it('that stalls every time ends the read with an error', async () => {
      useImpatientStore();
      failAlways({ kind: 'stall', afterBytes: 1000 });
      await expect(readBytes(store, ref)).rejects.toThrow(`no byte for ${IMPATIENT_MS} ms`);
    });

    it('is not one whose consumer takes longer than the watchdog waits', async () => {
      useImpatientStore();
      let length = 0;
      for await (const piece of store.read(ref)) {
        if (length === 0) await delay(2 * IMPATIENT_MS);
        length += piece.length;
      }
      expect(length).toBe(content.length);
      expect(requests).toHaveLength(1);
    });

    it('that does not have the checksum of its object ends the read with an error', async () => {
      failFirst(1, { kind: 'flip' });
      const reading = readBytes(store, ref);
      await expect(reading).rejects.toThrow(StoreUnavailableError);
      await expect(reading).rejects.toThrow('Checksum mismatch');
    });
  });

  it('asks nothing for an empty range', async () => {
    expect(await readText(store, ref, { range: { start: 5, end: 5 } })).toBe('');
    expect(requests).toEqual([]);
  });

  it('reads the version that it is told', async () => {
    await readBytes(store, ref, { versionId: 'version-1', range: { start: 0, end: 1 } });
    expect(requests[0]?.query.get('versionId')).toBe('version-1');
  });

  describe.each(calls)('$call', ({ act, permission }) => {
    it('outlives one answer of 503', async () => {
      failFirst(1, { kind: 'status', status: 503, code: 'SlowDown' });
      await act();
    });

    it.each([
      { what: '503', fault: { kind: 'status', status: 503, code: 'SlowDown' } as const },
      { what: '500', fault: { kind: 'status', status: 500, code: 'InternalError' } as const },
      { what: '429', fault: { kind: 'status', status: 429, code: 'TooManyRequests' } as const },
      { what: 'a reset connection', fault: { kind: 'reset' } as const },
    ])('fails as unavailable where it gets nothing but $what', async ({ fault }) => {
      failAlways(fault);
      await expect(act()).rejects.toThrow(StoreUnavailableError);
    });

    it('fails as unavailable where nobody answers', async () => {
      useImpatientStore();
      failAlways({ kind: 'silence' });
      await expect(act()).rejects.toThrow(StoreUnavailableError);
    });

    it('names the permission that it may lack', async () => {
      failAlways({ kind: 'status', status: 403, code: 'AccessDenied' });
      const acting = act();
      await expect(acting).rejects.toThrow(InputNotFoundError);
      await expect(acting).rejects.toThrow(
        `missing or not permitted; check the name and the permission ${permission}`,
      );
    });

    it('names the region of a bucket that is elsewhere', async () => {
      const headers = { 'x-amz-bucket-region': 'eu-west-1' };
      failAlways({ kind: 'status', status: 301, code: 'PermanentRedirect', headers });
      const acting = act();
      await expect(acting).rejects.toThrow(InputNotFoundError);
      await expect(acting).rejects.toThrow('set AWS_REGION=eu-west-1');
    });

    it('does not try again what cannot succeed', async () => {
      failAlways({ kind: 'status', status: 400, code: 'ExpiredToken' });
      await expect(act()).rejects.toThrow(Error);
      expect(requests).toHaveLength(1);
    });
  });

  describe('an answer of', () => {
    const wrongRegion = { 'x-amz-bucket-region': 'eu-west-1' };
    it.each([
      { status: 404, code: 'NoSuchKey', ErrorClass: InputNotFoundError, message: 'missing or not permitted' },
      {
        status: 404,
        code: 'NoSuchBucket',
        ErrorClass: InputNotFoundError,
        message: 'the bucket does not exist',
      },
      { status: 400, code: 'ExpiredToken', ErrorClass: InputNotFoundError, message: 'renew them' },
      { status: 403, code: 'InvalidAccessKeyId', ErrorClass: InputNotFoundError, message: 'renew them' },
      {
        status: 403,
        code: 'InvalidObjectState',
        ErrorClass: UnsupportedInputError,
        message: 'restore it first',
      },
      { status: 412, code: 'PreconditionFailed', ErrorClass: InputChangedError, message: 'has changed' },
      { status: 416, code: 'InvalidRange', ErrorClass: InputChangedError, message: 'smaller than expected' },
      { status: 400, code: 'KeyTooLongError', ErrorClass: InvalidInputError, message: '400 KeyTooLongError' },
      {
        status: 301,
        code: 'PermanentRedirect',
        ErrorClass: InputNotFoundError,
        message: 'in another region',
      },
      {
        status: 400,
        code: 'AuthorizationHeaderMalformed',
        headers: wrongRegion,
        ErrorClass: InputNotFoundError,
        message: 'AWS_REGION=eu-west-1',
      },
    ])(
      '$status $code to a read is $ErrorClass.name: $message',
      async ({ status, code, headers, ErrorClass, message }) => {
        failAlways({ kind: 'status', status, code, ...(headers && { headers }) });
        const reading = readBytes(store, ref);
        await expect(reading).rejects.toThrow(ErrorClass);
        await expect(reading).rejects.toThrow(message);
        await expect(reading).rejects.toThrow(/^s3:\/\/bucket\/folder\/object: /);
        await expect(reading).rejects.toHaveProperty('cause.name', code);
      },
    );

    it('400 to a head, which has no body to say why, still tells the region', async () => {
      failAlways({ kind: 'status', status: 400, code: 'unseen', headers: wrongRegion });
      await expect(store.head(ref)).rejects.toThrow('AWS_REGION=eu-west-1');
    });
  });

  it('tells a missing bucket from a missing object', async () => {
    await expect(readBytes(store, { bucket: 'other', objectKey: 'a' })).rejects.toThrow(
      's3://other/a: got 404 NoSuchBucket: the bucket does not exist',
    );
  });

  it('tells of missing credentials', async () => {
    const anonymous = new S3Client({
      endpoint: server.endpoint,
      region: 'us-east-1',
      credentials: () =>
        Promise.reject(Object.assign(new Error('none found'), { name: 'CredentialsProviderError' })),
    });
    await expect(createS3Store(anonymous).head(ref)).rejects.toThrow('expected valid AWS credentials');
  });

  describe('a conditional put', () => {
    it('tries again where another one is on its way', async () => {
      failFirst(3, { kind: 'status', status: 409, code: 'ConditionalRequestConflict' });
      const free = { bucket: 'bucket', objectKey: 'free' };
      expect(await store.put(free, content, { ifNoneMatch: true })).toBe(true);
      expect(requests).toHaveLength(4);
    });

    it('ends with an error where that goes on', async () => {
      failAlways({ kind: 'status', status: 409, code: 'ConditionalRequestConflict' });
      await expect(store.put(ref, content, { ifNoneMatch: true })).rejects.toThrow(StoreUnavailableError);
      expect(requests).toHaveLength(6);
    });
  });

  describe('a writer', () => {
    const parts = [new Uint8Array(9 * MIB), new Uint8Array(9 * MIB), new Uint8Array(1)];
    const isPart = ({ query }: S3Request) => query.has('partNumber');
    const isCompletion = ({ method, query }: S3Request) => method === 'POST' && query.has('uploadId');

    it('sends a small object in one request', async () => {
      await write([content, content]);
      expect(requests.map(({ method }) => method)).toEqual(['PUT']);
    });

    it('sends a large object in parts of 8 MiB and a smaller last one, each with its checksum', async () => {
      await write(parts);
      expect(requests.filter(isPart).map(({ headers }) => Number(headers['content-length']))).toEqual([
        8 * MIB,
        8 * MIB,
        2 * MIB + 1,
      ]);
      expect(requests.filter(isPart).every(({ headers }) => headers['x-amz-checksum-crc32'])).toBe(true);
      expect(server.objects.get('bucket/folder/object')).toHaveLength(18 * MIB + 1);
    });

    it.each([
      { what: 'a part', isFailing: isPart },
      { what: 'the completion', isFailing: isCompletion },
    ])('gives its upload up where $what fails, and says why', async ({ isFailing }) => {
      onRequest = (request) =>
        isFailing(request) ? { kind: 'status', status: 403, code: 'AccessDenied' } : undefined;
      await expect(write(parts)).rejects.toThrow('403 AccessDenied');
      expect(server.countUploads()).toBe(0);
      expect(server.objects.get('bucket/folder/object')).toBe(content);
    });

    it('may be aborted after it has failed', async () => {
      onRequest = (request) =>
        isPart(request) ? { kind: 'status', status: 403, code: 'AccessDenied' } : undefined;
      const writer = store.createWriter(ref);
      await writer.write(new Uint8Array(9 * MIB));
      await expect(writer.close()).rejects.toThrow(InputNotFoundError);
      await writer.abort();
      expect(server.countUploads()).toBe(0);
    });
  });

  it('lists 1000 keys with one request', async () => {
    for (let i = 0; i < 2500; i++) server.objects.set(`bucket/many/${i}`, Buffer.of(i & 0xff));
    let count = 0;
    for await (const { objectKey } of store.list('bucket', 'many/'))
      count += objectKey.startsWith('many/') ? 1 : 0;
    expect(count).toBe(2500);
    expect(requests).toHaveLength(3);
  });

  it('names the first of the keys that could not be deleted', async () => {
    const mock = mockClient(client);
    const denied = { Key: 'folder/object', Code: 'AccessDenied', Message: 'Access Denied' };
    mock.on(DeleteObjectsCommand).resolves({ Errors: [denied, { ...denied, Key: 'other' }] });
    const deleting = store.delete([ref, { ...ref, objectKey: 'other' }]);
    await expect(deleting).rejects.toThrow(InputNotFoundError);
    await expect(deleting).rejects.toThrow(
      '2 objects not deleted, the first "folder/object" (AccessDenied: Access Denied)',
    );
    mock.restore();
  });

  it('takes no answer without a length for an empty object', async () => {
    const mock = mockClient(client);
    mock.on(GetObjectCommand).resolves({ ETag: '"etag"' });
    await expect(readBytes(store, ref)).rejects.toThrow('expected a Content-Length in the answer, got none');
    mock.restore();
  });
});

describe('the S3 server of the tests', () => {
  it('takes the framing and the trailing checksum off a streamed upload', async () => {
    const server = await startS3Server({ buckets: ['bucket'] });
    const client = connect(server);
    const pieces = [content.subarray(0, 100_000), content.subarray(100_000)];
    const put = { Bucket: 'bucket', Key: 'streamed', ContentLength: content.length };
    await client.send(new PutObjectCommand({ ...put, Body: Readable.from(pieces) }));
    expect(Buffer.compare(server.objects.get('bucket/streamed') as Uint8Array, content)).toBe(0);
    client.destroy();
    await server.close();
  });

  it('refuses an upload whose checksum is another', async () => {
    const server = await startS3Server({ buckets: ['bucket'] });
    const client = connect(server);
    const put = new PutObjectCommand({
      Bucket: 'bucket',
      Key: 'a',
      Body: 'content',
      ChecksumCRC32: 'AAAAAA==',
    });
    await expect(client.send(put)).rejects.toThrow('BadDigest');
    expect(server.objects.size).toBe(0);
    client.destroy();
    await server.close();
  });
});
