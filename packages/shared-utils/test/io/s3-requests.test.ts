import { setImmediate } from 'node:timers/promises';
import {
  DeleteObjectsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  S3Client,
} from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import {
  InputChangedError,
  InputNotFoundError,
  InvalidInputError,
  type ObjectRef,
  readBytes,
  StoreAccessError,
  StoreUnavailableError,
  UnsupportedInputError,
} from '../../src';
import { createS3Store } from '../../src/io/s3-store';
import { failCalls, type S3Fault, SLOW_DOWN } from '../../testing';
import { clientConfigOf, type FaultyStore, patternOf, startFaultyStore } from '../../testing/s3';

const MIB = 1024 * 1024;
const content = patternOf(3000);

const wrongRegion = { 'x-amz-bucket-region': 'eu-west-1' };

describe('the S3 store', () => {
  let faulty: FaultyStore;
  let ref: ObjectRef;

  beforeEach(async () => {
    faulty = await startFaultyStore();
    ref = faulty.seed('folder/object', content);
  });
  afterEach(() => faulty.close());

  const failFirst = (count: number, fault: S3Fault) =>
    faulty.server.injectFaults(failCalls({ to: count }, fault));
  const failAlways = (fault: S3Fault) => faulty.server.injectFaults(failCalls({}, fault));

  const write = async (bytes: Uint8Array) => {
    const writer = faulty.store.createWriter(ref);
    await writer.write(bytes);
    await writer.close();
  };
  const list = async () => {
    for await (const { size } of faulty.store.list('bucket', '')) expect(size).toBeGreaterThan(0);
  };

  const calls: ReadonlyArray<{ call: string; permission: string; act: () => Promise<unknown> }> = [
    { call: 'head', permission: 's3:GetObject', act: () => faulty.store.head(ref) },
    { call: 'read', permission: 's3:GetObject', act: () => readBytes(faulty.store, ref) },
    {
      call: 'read of a version',
      permission: 's3:GetObjectVersion',
      act: () => readBytes(faulty.store, ref, { versionId: 'version-1' }),
    },
    { call: 'put', permission: 's3:PutObject', act: () => faulty.store.put(ref, content) },
    { call: 'a small writer', permission: 's3:PutObject', act: () => write(content) },
    { call: 'a large writer', permission: 's3:PutObject', act: () => write(new Uint8Array(9 * MIB)) },
    { call: 'list', permission: 's3:ListBucket', act: list },
    { call: 'delete', permission: 's3:DeleteObject', act: () => faulty.store.delete([ref]) },
  ];
  const callsThatSucceed = calls.filter(({ call }) => call !== 'read of a version');

  it('names an object by its URI', () => {
    expect(faulty.store.uri(ref)).toBe('s3://bucket/folder/object');
  });

  describe.each(callsThatSucceed)('C29 $call', ({ act }) => {
    it.each<{ what: string; fault: S3Fault }>([
      { what: 'answers of 503', fault: SLOW_DOWN },
      { what: 'answers of 500', fault: { kind: 'status', status: 500, code: 'InternalError' } },
      { what: 'answers of 429', fault: { kind: 'status', status: 429, code: 'TooManyRequests' } },
      { what: 'resets before the answer', fault: { kind: 'reset' } },
      { what: 'wrong clocks', fault: { kind: 'status', status: 403, code: 'RequestTimeTooSkewed' } },
    ])('outlives seven $what', async ({ fault }) => {
      // A HEAD has no body, so that only the status of its answer tells.
      if (fault.kind === 'status' && fault.status === 403 && act === callsThatSucceed[0]?.act) return;
      failFirst(7, fault);
      await act();
      expect(faulty.time.pauses).toEqual([100, 200, 400, 800, 1600, 3200, 6400]);
    });
  });

  describe.each(calls)('$call', ({ act, permission }) => {
    it.each<{ what: string; fault: S3Fault }>([
      { what: '503', fault: SLOW_DOWN },
      { what: '500', fault: { kind: 'status', status: 500, code: 'InternalError' } },
      { what: 'a reset connection', fault: { kind: 'reset' } },
    ])('fails as unavailable after eight requests where it gets nothing but $what', async ({ fault }) => {
      failAlways(fault);
      await expect(act()).rejects.toThrow(StoreUnavailableError);
      const first = faulty.server.calls[0];
      expect(faulty.server.calls.filter(({ operation }) => operation === first?.operation)).toHaveLength(8);
    });

    it('fails as unavailable where nobody ever answers', async () => {
      failAlways({ kind: 'silence' });
      let isOver = false;
      const acting = act().finally(() => {
        isOver = true;
      });
      acting.catch(() => {});
      for (let rung = 0; !isOver; await setImmediate()) {
        if (faulty.server.calls.length === rung) continue;
        faulty.time.advance(60_000);
        rung++;
      }
      await expect(acting).rejects.toThrow(StoreUnavailableError);
    });

    it.each([
      { status: 400, code: 'ExpiredToken' },
      { status: 301, code: 'PermanentRedirect' },
      { status: 403, code: 'AccessDenied' },
      { status: 404, code: 'NoSuchKey' },
      { status: 412, code: 'PreconditionFailed' },
    ])('C28 asks once where the answer is $status', async ({ status, code }) => {
      failAlways({ kind: 'status', status, code });
      await expect(act()).rejects.toThrow(Error);
      expect(faulty.server.calls).toHaveLength(1);
      expect(faulty.time.pauses).toEqual([]);
    });

    it('C28 names the permission that it may lack, and does not say that nothing is there', async () => {
      failAlways({ kind: 'status', status: 403, code: 'AccessDenied' });
      const acting = act();
      await expect(acting).rejects.toThrow(StoreAccessError);
      await expect(acting).rejects.toThrow(
        `not permitted, or missing where s3:ListBucket is not granted; check the name and the permission ${permission}`,
      );
    });

    it('C28 names the region of a bucket that is elsewhere', async () => {
      failAlways({ kind: 'status', status: 301, code: 'PermanentRedirect', headers: wrongRegion });
      const acting = act();
      await expect(acting).rejects.toThrow(StoreAccessError);
      await expect(acting).rejects.toThrow('set AWS_REGION=eu-west-1');
    });
  });

  it('waits a random share of a pause that doubles', async () => {
    const time = { ...faulty.time, random: () => 0.25 };
    const store = createS3Store(clientConfigOf(faulty.server), { time });
    failFirst(3, SLOW_DOWN);
    await store.head(ref);
    expect(faulty.time.pauses).toEqual([25, 50, 100]);
    store.destroy();
  });

  describe('an answer of', () => {
    it.each([
      { status: 404, code: 'NoSuchKey', ErrorClass: InputNotFoundError, message: 'there is no such object' },
      { status: 404, code: 'NoSuchVersion', ErrorClass: InputNotFoundError, message: 'no such object' },
      { status: 404, code: 'NoSuchBucket', ErrorClass: StoreAccessError, message: 'bucket does not exist' },
      { status: 400, code: 'ExpiredToken', ErrorClass: StoreAccessError, message: 'renew them' },
      { status: 403, code: 'InvalidAccessKeyId', ErrorClass: StoreAccessError, message: 'renew them' },
      { status: 403, code: 'AccessDenied', ErrorClass: StoreAccessError, message: 'not permitted, or' },
      { status: 403, code: 'InvalidObjectState', ErrorClass: UnsupportedInputError, message: 'restore it' },
      { status: 412, code: 'PreconditionFailed', ErrorClass: InputChangedError, message: 'has changed' },
      { status: 416, code: 'InvalidRange', ErrorClass: InputChangedError, message: 'smaller than expected' },
      { status: 400, code: 'KeyTooLongError', ErrorClass: InvalidInputError, message: '400 KeyTooLongError' },
      { status: 301, code: 'PermanentRedirect', ErrorClass: StoreAccessError, message: 'in another region' },
      {
        status: 400,
        code: 'AuthorizationHeaderMalformed',
        headers: wrongRegion,
        ErrorClass: StoreAccessError,
        message: 'AWS_REGION=eu-west-1',
      },
    ])('$status $code to a read is $ErrorClass.name: $message', async (row) => {
      const { status, code, headers, ErrorClass, message } = row;
      failAlways({ kind: 'status', status, code, ...(headers && { headers }) });
      const reading = readBytes(faulty.store, ref);
      await expect(reading).rejects.toThrow(ErrorClass);
      await expect(reading).rejects.toThrow(message);
      await expect(reading).rejects.toThrow(/^s3:\/\/bucket\/folder\/object: /);
      await expect(reading).rejects.toHaveProperty('cause.name', code);
    });

    it('400 to a head, which has no body to say why, still tells the region', async () => {
      failAlways({ kind: 'status', status: 400, code: 'unseen', headers: wrongRegion });
      await expect(faulty.store.head(ref)).rejects.toThrow('AWS_REGION=eu-west-1');
    });
  });

  it('tells a missing bucket from a missing object', async () => {
    await expect(readBytes(faulty.store, { bucket: 'other', objectKey: 'a' })).rejects.toThrow(
      's3://other/a: got 404 NoSuchBucket: the bucket does not exist',
    );
  });

  it('tells of missing credentials', async () => {
    const credentials = () =>
      Promise.reject(Object.assign(new Error('none found'), { name: 'CredentialsProviderError' }));
    const anonymous = createS3Store({ ...clientConfigOf(faulty.server), credentials });
    const asking = anonymous.head(ref);
    await expect(asking).rejects.toThrow(StoreAccessError);
    await expect(asking).rejects.toThrow('expected valid AWS credentials');
  });

  it('makes no use of the retries that the environment asks of the SDK', async () => {
    const env = jest.replaceProperty(process, 'env', { ...process.env, AWS_MAX_ATTEMPTS: '5' });
    const store = createS3Store(clientConfigOf(faulty.server), { time: faulty.time });
    failAlways(SLOW_DOWN);
    await expect(store.head(ref)).rejects.toThrow(StoreUnavailableError);
    expect(faulty.server.calls).toHaveLength(8);
    env.restore();
    store.destroy();
  });

  describe('list', () => {
    const listed = async (page: Partial<ListObjectsV2CommandOutput>) => {
      const mock = mockClient(S3Client);
      mock.on(ListObjectsV2Command).resolves(page);
      try {
        await list();
      } finally {
        mock.restore();
      }
    };

    it('C31 gets 1000 keys with one request', async () => {
      for (let i = 0; i < 2500; i++) faulty.seed(`many/${i}`, Buffer.of(i & 0xff));
      let count = 0;
      for await (const { objectKey } of faulty.store.list('bucket', 'many/')) {
        count += objectKey.startsWith('many/') ? 1 : 0;
      }
      expect(count).toBe(2500);
      expect(faulty.server.calls).toHaveLength(3);
    });

    it('is complete or an error, whatever call fails', async () => {
      for (let i = 0; i < 2500; i++) faulty.seed(`many/${i}`, Buffer.of(1));
      for (const fault of [SLOW_DOWN, { kind: 'cut', afterBytes: 5000 }, { kind: 'reset' }] as S3Fault[]) {
        for (const failing of [1, 2, 3]) {
          faulty.server.injectFaults(failCalls({ from: failing, to: failing }, fault));
          let count = 0;
          for await (const { size } of faulty.store.list('bucket', 'many/')) count += size;
          expect(count).toBe(2500);
        }
      }
    });

    it.each([
      { what: 'does not say whether it ends', page: {}, message: 'expected IsTruncated in the answer' },
      {
        what: 'goes on and does not say where',
        page: { IsTruncated: true },
        message: 'expected a NextContinuationToken in the answer',
      },
      {
        what: 'has an object without a size',
        page: { IsTruncated: false, Contents: [{ Key: 'a', ETag: '"etag"' }] },
        message: 'expected a size in the answer',
      },
    ])('takes no page that $what', async ({ page, message }) => {
      await expect(listed(page)).rejects.toThrow(message);
    });
  });

  describe('delete', () => {
    it('names the first of the keys that could not be deleted', async () => {
      const mock = mockClient(S3Client);
      const denied = { Key: 'folder/object', Code: 'AccessDenied', Message: 'Access Denied' };
      mock.on(DeleteObjectsCommand).resolves({ Errors: [denied, { ...denied, Key: 'other' }] });
      const deleting = faulty.store.delete([ref, { ...ref, objectKey: 'other' }]);
      await expect(deleting).rejects.toThrow(StoreAccessError);
      await expect(deleting).rejects.toThrow(
        's3://bucket: 2 objects not deleted, the first "folder/object" (AccessDenied: Access Denied); check the permission s3:DeleteObject',
      );
      mock.restore();
    });

    it('tries again where one of the keys could not be deleted for now', async () => {
      const mock = mockClient(S3Client);
      const passing = { Key: 'folder/object', Code: 'InternalError', Message: 'try again' };
      mock
        .on(DeleteObjectsCommand)
        .resolvesOnce({ Errors: [passing] })
        .resolves({});
      await faulty.store.delete([ref]);
      expect(mock.calls()).toHaveLength(2);
      mock.restore();
    });
  });

  it('reads the version that it is told, and tells of it', async () => {
    await faulty.store.head(ref, { versionId: 'version-1' }).catch(() => {});
    await readBytes(faulty.store, ref, { versionId: 'version-1' }).catch(() => {});
    const asked = faulty.server.calls.map(({ operation, query }) => [operation, query.get('versionId')]);
    expect(asked).toEqual([
      ['HeadObject', 'version-1'],
      ['GetObject', 'version-1'],
    ]);
    await expect(faulty.store.head(ref, { versionId: 'version-1' })).rejects.toThrow(InputNotFoundError);
  });
});
