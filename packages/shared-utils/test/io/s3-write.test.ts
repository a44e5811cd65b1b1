import { type ObjectRef, StoreAccessError, StoreUnavailableError } from '../../src';
import { failCalls, type S3Call, type S3Fault, SLOW_DOWN } from '../../testing';
import { type FaultyStore, patternOf, startFaultyStore } from '../../testing/s3';

const MIB = 1024 * 1024;
const content = patternOf(3000);
const ref: ObjectRef = { bucket: 'bucket', objectKey: 'commit' };

describe('a write to S3', () => {
  let faulty: FaultyStore;

  beforeEach(async () => {
    faulty = await startFaultyStore();
  });
  afterEach(() => faulty.close());

  const operationsCalled = () => faulty.server.calls.map(({ operation }) => operation);
  const stored = () => faulty.server.objects.get('bucket/commit');
  const failFirst = (fault: S3Fault, isMeant?: (call: S3Call) => boolean) =>
    faulty.server.injectFaults(failCalls({ to: 1, ...(isMeant && { isMeant }) }, fault));
  const putIfAbsent = () => faulty.store.put(ref, content, { ifNoneMatch: true });

  /** The write has happened, and the client does not know. */
  const lostAnswers: ReadonlyArray<{ what: string; fault: S3Fault }> = [
    { what: 'an error', fault: { ...SLOW_DOWN, isObeyed: true } as S3Fault },
    { what: 'a reset connection', fault: { kind: 'reset', isObeyed: true } },
    {
      what: 'an internal error',
      fault: { kind: 'status', status: 500, code: 'InternalError', isObeyed: true },
    },
  ];

  describe('on condition that nothing is there', () => {
    it.each(lostAnswers)('C38 knows its own bytes after $what for an answer', async ({ fault }) => {
      failFirst(fault);
      expect(await putIfAbsent()).toBe(true);
      expect(Buffer.compare(stored() ?? Buffer.of(), content)).toBe(0);
      expect(operationsCalled()).toEqual(['PutObject', 'PutObject', 'GetObject']);
    });

    it.each(lostAnswers)('C39 is not taken in by the bytes of another after $what', async ({ fault }) => {
      const other = Buffer.from(content);
      other[other.length - 1] = 0;
      failFirst({ ...fault, isObeyed: false } as S3Fault);
      faulty.seed('commit', other);
      expect(await putIfAbsent()).toBe(false);
      expect(stored()).toBe(other);
    });

    it('C40 loses to another write that came between its two attempts', async () => {
      faulty.server.injectFaults(({ number }) => {
        if (number === 2) faulty.seed('commit', Buffer.from('another attempt was first'));
        return number === 1 ? { kind: 'reset' } : undefined;
      });
      expect(await putIfAbsent()).toBe(false);
    });

    it('asks for nothing more where the first answer is that one stands there', async () => {
      faulty.seed('commit', content);
      expect(await putIfAbsent()).toBe(false);
      expect(operationsCalled()).toEqual(['PutObject']);
    });

    it('claims nothing where the object in its way is gone at the second look', async () => {
      faulty.server.injectFaults(({ operation, number }) => {
        if (operation === 'GetObject') faulty.server.objects.delete('bucket/commit');
        return number === 1 ? { kind: 'reset', isObeyed: true } : undefined;
      });
      const putting = putIfAbsent();
      await expect(putting).rejects.toThrow(StoreUnavailableError);
      await expect(putting).rejects.toThrow('expected the object that was in the way, got none');
    });

    it('claims nothing where it may not look', async () => {
      faulty.server.injectFaults(({ operation, number }) => {
        if (operation === 'GetObject') return { kind: 'status', status: 403, code: 'AccessDenied' };
        return number === 1 ? { kind: 'reset', isObeyed: true } : undefined;
      });
      await expect(putIfAbsent()).rejects.toThrow(StoreAccessError);
    });

    it('tries again where another one is on its way, and gives up after eight attempts', async () => {
      const conflict: S3Fault = { kind: 'status', status: 409, code: 'ConditionalRequestConflict' };
      faulty.server.injectFaults(failCalls({ to: 3 }, conflict));
      expect(await putIfAbsent()).toBe(true);
      expect(operationsCalled()).toHaveLength(4);
      faulty.server.injectFaults(failCalls({}, conflict));
      await expect(putIfAbsent()).rejects.toThrow(StoreUnavailableError);
      expect(operationsCalled()).toHaveLength(4 + 8);
    });
  });

  it.each(['BadDigest', 'IncompleteBody', 'XAmzContentChecksumMismatch', 'XAmzContentSHA256Mismatch'])(
    'is sent again where it arrives broken: %s',
    async (code) => {
      failFirst({ kind: 'status', status: 400, code });
      expect(await faulty.store.put(ref, content)).toBe(true);
      expect(operationsCalled()).toEqual(['PutObject', 'PutObject']);
    },
  );

  describe('of unknown length', () => {
    const parts = [new Uint8Array(9 * MIB), new Uint8Array(9 * MIB), new Uint8Array(1)];
    const isPart = ({ operation }: S3Call) => operation === 'UploadPart';
    const isCompletion = ({ operation }: S3Call) => operation === 'CompleteMultipartUpload';
    const denied: S3Fault = { kind: 'status', status: 403, code: 'AccessDenied' };
    const write = async (pieces: readonly Uint8Array[]) => {
      const writer = faulty.store.createWriter(ref);
      for (const piece of pieces) await writer.write(piece);
      await writer.close();
    };

    it('sends a small object in one request', async () => {
      await write([content, content]);
      expect(operationsCalled()).toEqual(['PutObject']);
    });

    it('sends a large object in parts of 8 MiB and a smaller last one, each with its checksum', async () => {
      await write(parts);
      const sent = faulty.server.calls.filter(isPart);
      expect(sent.map(({ headers }) => Number(headers['content-length']))).toEqual([
        8 * MIB,
        8 * MIB,
        2 * MIB + 1,
      ]);
      expect(sent.every(({ headers }) => headers['x-amz-checksum-crc32'])).toBe(true);
      expect(stored()).toHaveLength(18 * MIB + 1);
    });

    it.each([
      { what: 'a part', isFailing: isPart },
      { what: 'the completion', isFailing: isCompletion },
    ])(
      'gives its upload up where $what fails, says why, and leaves alone what was there',
      async ({ isFailing }) => {
        faulty.seed('commit', content);
        faulty.server.injectFaults(failCalls({ isMeant: isFailing }, denied));
        await expect(write(parts)).rejects.toThrow('403 AccessDenied');
        expect(faulty.server.countUploads()).toBe(0);
        expect(stored()).toBe(content);
      },
    );

    it('may be aborted after it has failed', async () => {
      faulty.server.injectFaults(failCalls({ isMeant: isPart }, denied));
      const writer = faulty.store.createWriter(ref);
      await writer.write(new Uint8Array(9 * MIB));
      await expect(writer.close()).rejects.toThrow(StoreAccessError);
      await writer.abort();
      expect(faulty.server.countUploads()).toBe(0);
    });

    it.each(lostAnswers)('C38 sends a part again after $what for an answer', async ({ fault }) => {
      failFirst(fault, isPart);
      await write([patternOf(9 * MIB), content]);
      const expected = Buffer.concat([patternOf(9 * MIB), content]);
      expect(Buffer.compare(stored() ?? Buffer.of(), expected)).toBe(0);
    });

    it.each(lostAnswers)('C38 knows that it is complete after $what for an answer', async ({ fault }) => {
      failFirst(fault, isCompletion);
      await write(parts);
      expect(stored()).toHaveLength(18 * MIB + 1);
      expect(faulty.server.countUploads()).toBe(0);
      expect(operationsCalled().slice(-3)).toEqual([
        'CompleteMultipartUpload',
        'CompleteMultipartUpload',
        'HeadObject',
      ]);
    });

    it('claims nothing where another object stands there instead', async () => {
      faulty.server.injectFaults((call) => {
        if (call.operation === 'HeadObject') faulty.seed('commit', Buffer.from('another'));
        const isFirst = isCompletion(call) && !faulty.server.calls.slice(0, -1).some(isCompletion);
        return isFirst ? { kind: 'reset', isObeyed: true } : undefined;
      });
      const writing = write(parts);
      await expect(writing).rejects.toThrow(StoreUnavailableError);
      await expect(writing).rejects.toThrow('404 NoSuchUpload');
    });

    it('claims nothing where it may not look at what stands there', async () => {
      faulty.server.injectFaults((call) => {
        if (call.operation === 'HeadObject') return denied;
        const isFirst = isCompletion(call) && !faulty.server.calls.slice(0, -1).some(isCompletion);
        return isFirst ? { kind: 'reset', isObeyed: true } : undefined;
      });
      await expect(write(parts)).rejects.toThrow(StoreUnavailableError);
    });

    it('takes no upload without an id', async () => {
      faulty.server.injectFaults(
        failCalls(
          { isMeant: ({ operation }) => operation === 'CreateMultipartUpload' },
          {
            kind: 'short',
            byBytes: 500,
          },
        ),
      );
      await expect(write(parts)).rejects.toThrow(StoreUnavailableError);
      expect(operationsCalled()).toHaveLength(8);
    });

    it('takes an error in an answer of 200 for what it is', async () => {
      faulty.server.injectFaults(
        failCalls({ to: 1, isMeant: isCompletion }, { kind: 'status', status: 200, code: 'InternalError' }),
      );
      await write(parts);
      expect(stored()).toHaveLength(18 * MIB + 1);
    });
  });
});
