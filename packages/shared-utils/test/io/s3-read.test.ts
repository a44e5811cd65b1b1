import { setImmediate } from 'node:timers/promises';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import {
  type ByteRange,
  InputChangedError,
  InputNotFoundError,
  type ObjectRef,
  readBytes,
  readText,
  StoreUnavailableError,
} from '../../src';
import { createS3Store } from '../../src/io/s3-store';
import { failCalls, type S3Fault, SLOW_DOWN } from '../../testing';
import { clientConfigOf, type FaultyStore, patternOf, startFaultyStore } from '../../testing/s3';

const PART_BYTES = 1000;
const PARTS_IN_FLIGHT = 8;
/** What `patternOf` gives for one part, and for many. */
const small = patternOf(600);
const large = patternOf(20 * PART_BYTES + 17);

describe('a read from S3', () => {
  let faulty: FaultyStore;
  let ref: ObjectRef;
  let largeRef: ObjectRef;

  beforeEach(async () => {
    faulty = await startFaultyStore({ partBytes: PART_BYTES, partsInFlight: PARTS_IN_FLIGHT });
    ref = faulty.seed('folder/object', small);
    largeRef = faulty.seed('large', large);
  });
  afterEach(() => faulty.close());

  const rangesAsked = () => faulty.server.calls.map(({ headers }) => headers.range);
  const failFirst = (count: number, fault: S3Fault) =>
    faulty.server.injectFaults(failCalls({ to: count }, fault));
  const failAlways = (fault: S3Fault) => faulty.server.injectFaults(failCalls({}, fault));
  /** Lets what is under way go on until the server is asked nothing new over many round trips. */
  const settle = async () => {
    for (let calls = -1; calls !== faulty.server.calls.length; ) {
      calls = faulty.server.calls.length;
      for (let turn = 0; turn < 200; turn++) await setImmediate();
    }
  };
  /** Lets the watchdog of every call that stalls ring, once the call has come that far. */
  const readWhileRinging = async (range: ByteRange) => {
    let isOver = false;
    const reading = readBytes(faulty.store, ref, { range }).finally(() => {
      isOver = true;
    });
    reading.catch(() => {});
    for (let rung = 0; !isOver; await setImmediate()) {
      const stalled = faulty.server.calls[rung];
      const isDue = stalled?.fault?.kind === 'silence' || stalled?.status !== undefined;
      if (stalled?.fault === undefined || !isDue) continue;
      faulty.time.advance(60_000);
      rung++;
    }
    return reading;
  };

  describe('of a small object', () => {
    it.each([
      { what: 'all of it', range: undefined, asked: undefined },
      { what: 'a range', range: { start: 5, end: 500 }, asked: 'bytes=5-499' },
      { what: 'a range of a whole part', range: { start: 0, end: 600 }, asked: 'bytes=0-599' },
    ])('is one request for $what', async ({ range, asked }) => {
      const bytes = await readBytes(faulty.store, ref, range && { range });
      expect(Buffer.compare(bytes, small.subarray(range?.start, range?.end))).toBe(0);
      expect(rangesAsked()).toEqual([asked]);
    });

    it('is no request for an empty range', async () => {
      expect(await readText(faulty.store, ref, { range: { start: 5, end: 5 } })).toBe('');
      expect(faulty.server.calls).toEqual([]);
    });
  });

  describe('of many parts', () => {
    it('gives them in order, whatever order they arrive in', async () => {
      faulty.server.injectFaults(({ number }) => ({ kind: 'late', ms: [7, 0, 4, 1][number % 4] ?? 0 }));
      expect(Buffer.compare(await readBytes(faulty.store, largeRef), large)).toBe(0);
      const range = { start: 3, end: large.length - 3 };
      expect(Buffer.compare(await readBytes(faulty.store, largeRef, { range }), large.subarray(3, -3))).toBe(
        0,
      );
    });

    it('asks for no byte twice, and for none that is not wanted', async () => {
      const range = { start: 10, end: 2 * PART_BYTES + 15 };
      await readBytes(faulty.store, largeRef, { range });
      expect(rangesAsked().sort()).toEqual(['bytes=10-1009', 'bytes=1010-2009', 'bytes=2010-2014']);
    });

    it('takes of an object asked for whole the first part at once, and of the first answer no more', async () => {
      await readBytes(faulty.store, largeRef);
      expect(rangesAsked().slice(0, 2)).toEqual([undefined, 'bytes=1000-1999']);
      expect(faulty.server.calls).toHaveLength(21);
    });

    it('looks ahead eight parts and no further while its consumer holds the first piece', async () => {
      const range = { start: 0, end: large.length };
      const reading = faulty.store.read(largeRef, { range })[Symbol.asyncIterator]();
      const pieces = [(await reading.next()).value as Uint8Array];
      await settle();
      expect(faulty.server.calls).toHaveLength(PARTS_IN_FLIGHT);
      const buffered = faulty.server.calls.reduce((sum, { bodyBytes }) => sum + bodyBytes, 0);
      expect(buffered).toBe(PARTS_IN_FLIGHT * PART_BYTES);
      for (;;) {
        const { done, value } = await reading.next();
        if (done) break;
        pieces.push(value);
        await settle();
        const consumed = Buffer.concat(pieces).length;
        const fetched = faulty.server.calls.reduce((sum, { bodyBytes }) => sum + bodyBytes, 0);
        expect(fetched - consumed).toBeLessThanOrEqual(PARTS_IN_FLIGHT * PART_BYTES);
      }
      expect(Buffer.compare(Buffer.concat(pieces), large)).toBe(0);
      expect(faulty.server.calls).toHaveLength(21);
    });

    it('has eight requests in flight, and never more', async () => {
      let most = 0;
      faulty.server.injectFaults(() => {
        most = Math.max(most, faulty.server.countOpenCalls());
        return { kind: 'late', ms: 2 };
      });
      await readBytes(faulty.store, largeRef, { range: { start: 0, end: large.length } });
      expect(most).toBe(PARTS_IN_FLIGHT);
    });

    it('cancels what is on its way once its consumer stops', async () => {
      // Every part but the first hangs in its body.
      faulty.server.injectFaults(failCalls({ from: 2 }, { kind: 'stall', afterBytes: 10 }));
      for await (const piece of faulty.store.read(largeRef, { range: { start: 0, end: large.length } })) {
        expect(piece.length).toBeGreaterThan(0);
        await settle();
        expect(faulty.server.countOpenCalls()).toBe(PARTS_IN_FLIGHT - 1);
        break;
      }
      await settle();
      expect(faulty.server.countOpenCalls()).toBe(0);
      expect(faulty.server.calls).toHaveLength(PARTS_IN_FLIGHT);
    });

    it('cancels the pauses before retries too', async () => {
      faulty.server.injectFaults(failCalls({ from: 2 }, SLOW_DOWN));
      for await (const piece of faulty.store.read(largeRef, { range: { start: 0, end: large.length } })) {
        expect(piece.length).toBeGreaterThan(0);
        break;
      }
      await settle();
      const calls = faulty.server.calls.length;
      await settle();
      expect(faulty.server.calls).toHaveLength(calls);
      expect(faulty.server.countOpenCalls()).toBe(0);
    });

    it.each([
      { when: 'with its etag', pin: true },
      { when: 'without', pin: false },
    ])(
      'C25 is never a mix of two objects when it is overwritten between two ranges, asked for $when',
      async ({ pin }) => {
        const { etag } = await faulty.store.head(largeRef);
        const overwriteAt = faulty.server.calls.length + 4;
        faulty.server.injectFaults(({ number }) => {
          if (number === overwriteAt) faulty.seed('large', Buffer.alloc(large.length));
          return undefined;
        });
        const reading = readBytes(faulty.store, largeRef, {
          range: { start: 0, end: large.length },
          ...(pin && { ifMatch: etag }),
        });
        await expect(reading).rejects.toThrow(InputChangedError);
      },
    );
  });

  describe('whose body is cut', () => {
    it('is resumed at any offset, of the same object, up to the end of its range', async () => {
      const { etag } = await faulty.store.head(ref);
      for (let afterBytes = 0; afterBytes < small.length; afterBytes += 7) {
        const calls = faulty.server.calls.length;
        failFirst(1, { kind: 'cut', afterBytes });
        const bytes = await readBytes(faulty.store, ref, { range: { start: 0, end: 600 } });
        expect(Buffer.compare(bytes, small)).toBe(0);
        const [, second, ...further] = faulty.server.calls.slice(calls);
        expect(second?.headers.range).toMatch(/^bytes=\d+-599$/);
        expect(second?.headers['if-match']).toBe(etag);
        expect(further).toEqual([]);
      }
    });

    it('is begun anew where the object was asked for whole, since only the whole has a checksum', async () => {
      failFirst(2, { kind: 'cut', afterBytes: 100 });
      expect(Buffer.compare(await readBytes(faulty.store, ref), small)).toBe(0);
      expect(rangesAsked()).toEqual([undefined, undefined, undefined]);
    });

    it('goes on where it was cut, again and again', async () => {
      failFirst(3, { kind: 'cut', afterBytes: 100 });
      const bytes = await readBytes(faulty.store, ref, { range: { start: 50, end: 550 } });
      expect(Buffer.compare(bytes, small.subarray(50, 550))).toBe(0);
      // Bytes that arrive together with the end of their connection may be lost.
      const starts = rangesAsked().map((range) => Number(/^bytes=(\d+)-549$/.exec(range ?? '')?.[1]));
      expect(starts).toHaveLength(4);
      expect(starts).toEqual([...starts].sort((a, b) => a - b));
      expect(starts[3]).toBeLessThanOrEqual(350);
    });

    it('gives up after eight attempts', async () => {
      failAlways({ kind: 'cut', afterBytes: 10 });
      const reading = readBytes(faulty.store, ref, { range: { start: 0, end: 600 } });
      await expect(reading).rejects.toThrow(StoreUnavailableError);
      await expect(reading).rejects.toThrow(
        /^s3:\/\/bucket\/folder\/object: the body broke at byte \d+ of 600 /,
      );
      expect(faulty.server.calls).toHaveLength(8);
    });

    it('counts errors and cuts together', async () => {
      faulty.server.injectFaults(({ number }) =>
        number % 2 === 0 ? SLOW_DOWN : { kind: 'cut', afterBytes: 10 },
      );
      await expect(readBytes(faulty.store, ref)).rejects.toThrow(StoreUnavailableError);
      expect(faulty.server.calls).toHaveLength(8);
    });

    it('is not resumed with the bytes of another object', async () => {
      faulty.server.injectFaults(({ number }) => {
        if (number === 2) faulty.seed('folder/object', Buffer.alloc(small.length));
        return number === 1 ? { kind: 'cut', afterBytes: 100 } : undefined;
      });
      await expect(readBytes(faulty.store, ref)).rejects.toThrow(InputChangedError);
      expect(faulty.server.calls).toHaveLength(2);
    });

    it('C27 fails where the object is deleted meanwhile', async () => {
      faulty.server.injectFaults(({ number }) => {
        if (number === 2) faulty.server.objects.delete('bucket/folder/object');
        return number === 1 ? { kind: 'cut', afterBytes: 100 } : undefined;
      });
      await expect(readBytes(faulty.store, ref)).rejects.toThrow(InputNotFoundError);
    });
  });

  describe('C30 whose body', () => {
    it.each<{ what: string; fault: S3Fault }>([
      { what: 'stalls before its first byte', fault: { kind: 'stall', afterBytes: 0 } },
      { what: 'stalls in the middle', fault: { kind: 'stall', afterBytes: 300 } },
      { what: 'is never answered', fault: { kind: 'silence' } },
    ])('$what is given up by the watchdog, and resumed', async ({ fault }) => {
      failFirst(1, fault);
      const bytes = await readWhileRinging({ start: 0, end: 600 });
      expect(Buffer.compare(bytes, small)).toBe(0);
      expect(faulty.server.calls).toHaveLength(2);
    });

    it('stalls every time ends the read after eight attempts', async () => {
      failAlways({ kind: 'stall', afterBytes: 10 });
      const reading = readWhileRinging({ start: 0, end: 600 });
      await expect(reading).rejects.toThrow(StoreUnavailableError);
      await expect(reading).rejects.toThrow('no byte for 15000 ms');
      expect(faulty.server.calls).toHaveLength(8);
    });

    it('is shorter than the range, without saying so, is asked for again', async () => {
      failFirst(1, { kind: 'short', byBytes: 1 });
      const bytes = await readBytes(faulty.store, ref, { range: { start: 0, end: 500 } });
      expect(Buffer.compare(bytes, small.subarray(0, 500))).toBe(0);
      expect(rangesAsked()).toEqual(['bytes=0-499', 'bytes=0-499']);
    });

    it('is short every time ends the read with an error', async () => {
      failAlways({ kind: 'short', byBytes: 1 });
      const reading = readBytes(faulty.store, ref, { range: { start: 10, end: 500 } });
      await expect(reading).rejects.toThrow('expected 490 bytes from byte 10 on, got 489 from byte 10 on');
      expect(faulty.server.calls).toHaveLength(8);
    });

    it.each<S3Fault>([{ kind: 'flip' }, { kind: 'short', byBytes: 100 }])(
      'does not have the checksum of its object ($kind) is asked for again from its first byte',
      async (fault) => {
        failFirst(1, fault);
        expect(Buffer.compare(await readBytes(faulty.store, ref), small)).toBe(0);
        expect(rangesAsked()).toEqual([undefined, undefined]);
      },
    );

    it('never has the checksum of its object ends the read with an error', async () => {
      failAlways({ kind: 'flip' });
      const reading = readBytes(faulty.store, ref);
      await expect(reading).rejects.toThrow(StoreUnavailableError);
      await expect(reading).rejects.toThrow('Checksum mismatch');
      expect(faulty.server.calls).toHaveLength(8);
    });
  });

  it('leaves no body unread: two hundred reads, broken ones among them, share two connections', async () => {
    const store = createS3Store(
      { ...clientConfigOf(faulty.server), requestHandler: { httpAgent: { maxSockets: 2 } } },
      { partBytes: PART_BYTES, time: faulty.time },
    );
    faulty.server.injectFaults(({ number }) => (number % 5 === 0 ? SLOW_DOWN : undefined));
    const reads = Array.from({ length: 200 }, async (_, index) => {
      if (index % 4 === 0) await expect(store.head({ ...ref, objectKey: 'missing' })).rejects.toThrow();
      return readBytes(store, ref, index % 2 === 0 ? { range: { start: 0, end: 600 } } : {});
    });
    for (const bytes of await Promise.all(reads)) expect(Buffer.compare(bytes, small)).toBe(0);
    expect(faulty.server.countConnections()).toBe(2);
    store.destroy();
  });

  it('trusts nothing of a range whose checksum is another, and asks for all of it again', async () => {
    const mock = mockClient(S3Client);
    const answer = { ETag: '"etag"', ContentLength: 6, ContentRange: 'bytes 2-7/20' };
    const failing = bodyOf(['wro', 'ng'], (text) => {
      if (text === 'ng') throw new Error('Checksum mismatch: expected "a" but received "b"');
    });
    mock
      .on(GetObjectCommand)
      .resolvesOnce({ ...answer, Body: failing as never })
      .resolves({ ...answer, Body: bodyOf(['rig', 'hte']) as never });
    expect(await readText(faulty.store, ref, { range: { start: 2, end: 8 } })).toBe('righte');
    const ranges = mock.commandCalls(GetObjectCommand).map(({ args }) => args[0].input.Range);
    expect(ranges).toEqual(['bytes=2-7', 'bytes=2-7']);
    mock.restore();
  });

  it('leaves no body unread that it has refused: one connection is enough to ask again', async () => {
    const store = createS3Store(
      { ...clientConfigOf(faulty.server), requestHandler: { httpAgent: { maxSockets: 1 } } },
      { time: faulty.time },
    );
    failFirst(3, { kind: 'short', byBytes: 1 });
    const range = { start: 0, end: 500 };
    expect(Buffer.compare(await readBytes(store, ref, { range }), small.subarray(0, 500))).toBe(0);
    store.destroy();
  });

  it('C30 is patient with a body that is slow, but never silent for long', async () => {
    let abandoned = 0;
    const time = {
      ...faulty.time,
      setTimer: (ms: number, ring: () => void) =>
        faulty.time.setTimer(ms, () => {
          abandoned++;
          ring();
        }),
    };
    const store = createS3Store(clientConfigOf(faulty.server), { time });
    const mock = mockClient(S3Client);
    const body = bodyOf(['pat', 'ien', 'ce'], () => faulty.time.advance(14_999));
    mock.on(GetObjectCommand).resolves({ ETag: '"etag"', ContentLength: 8, Body: body as never });
    expect(await readText(store, ref)).toBe('patience');
    expect(abandoned).toBe(0);
    mock.restore();
  });

  describe('answered otherwise than asked', () => {
    const etag = '"etag"';
    const answered = async (answer: object, options = {}) => {
      const mock = mockClient(S3Client);
      mock.on(GetObjectCommand).resolves({ ETag: etag, ...answer });
      try {
        return await readBytes(faulty.store, ref, options);
      } finally {
        mock.restore();
      }
    };

    it.each([
      { what: 'no length', answer: {}, message: 'expected a Content-Length in the answer, got none' },
      { what: 'no body', answer: { ContentLength: 5 }, message: 'expected a body in the answer, got none' },
      {
        what: 'no etag',
        answer: { ETag: '', ContentLength: 5, Body: bodyOf(['bytes']) },
        message: 'expected an ETag in the answer, got none',
      },
      {
        what: 'a body shorter than its length',
        answer: { ContentLength: 6, Body: bodyOf(['bytes']) },
        message: 'the body broke at byte 5 of 6 (it ended early)',
      },
      {
        what: 'a body longer than its length',
        answer: { ContentLength: 4, Body: bodyOf(['bytes']) },
        message: 'it is longer than its Content-Length',
      },
      {
        what: 'the beginning of the object for a range in it',
        options: { range: { start: 5, end: 10 } },
        answer: { ContentLength: 5, Body: bodyOf(['bytes']) },
        message: 'expected 5 bytes from byte 5 on, got 5 from byte 0 on',
      },
      {
        what: 'another range',
        options: { range: { start: 5, end: 10 } },
        answer: { ContentLength: 5, ContentRange: 'bytes 6-10/20', Body: bodyOf(['bytes']) },
        message: 'expected 5 bytes from byte 5 on, got 5 from byte 6 on',
      },
    ])('with $what ends with an error', async ({ answer, options, message }) => {
      const reading = answered(answer, options);
      await expect(reading).rejects.toThrow(StoreUnavailableError);
      await expect(reading).rejects.toThrow(message);
    });

    it('with the bytes of another etag ends with an error', async () => {
      const answer = { ETag: '"other"', ContentLength: 5, Body: bodyOf(['bytes']) };
      await expect(answered(answer, { ifMatch: etag })).rejects.toThrow(InputChangedError);
    });
  });
});

/** Begins anew for every attempt, as a mock gives the same answer again. */
function bodyOf(texts: readonly string[], beforeEach: (text: string) => void = () => {}) {
  return {
    async *[Symbol.asyncIterator]() {
      for (const text of texts) {
        beforeEach(text);
        yield Buffer.from(text);
      }
    },
    destroy() {},
  };
}
