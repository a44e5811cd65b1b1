import { setImmediate } from 'node:timers/promises';
import {
  failBySeed,
  failCalls,
  type S3Call,
  type S3Fault,
  type S3Server,
  SLOW_DOWN,
  startS3Server,
} from '../../testing';

const FAULTS: readonly S3Fault[] = [SLOW_DOWN, { kind: 'reset' }, { kind: 'cut', afterBytes: 3 }];

describe('the S3 server of the tests', () => {
  let server: S3Server;

  beforeEach(async () => {
    server = await startS3Server({ buckets: ['bucket'] });
    server.objects.set('bucket/a', Buffer.from('content'));
  });
  afterEach(() => server.close());

  const ask = (key: string, init?: RequestInit) => fetch(`${server.endpoint}/bucket/${key}`, init);
  const put = (key: string) => ask(key, { method: 'PUT', body: 'new content' });
  const failAlways = (fault: S3Fault) => server.injectFaults(failCalls({}, fault));

  it('numbers its calls, and says what each was and how it went', async () => {
    await (await ask('a', { headers: { range: 'bytes=0-2' } })).text();
    await (await ask('missing')).text();
    failAlways({ kind: 'reset' });
    await expect(put('b')).rejects.toThrow();
    const log = server.calls.map(({ number, operation, objectKey, headers, status, bodyBytes, fault }) => [
      number,
      operation,
      objectKey,
      headers.range,
      status,
      bodyBytes > 0,
      fault?.kind,
    ]);
    expect(log).toEqual([
      [1, 'GetObject', 'a', 'bytes=0-2', 206, true, undefined],
      [2, 'GetObject', 'missing', undefined, 404, true, undefined],
      [3, 'PutObject', 'b', undefined, undefined, false, 'reset'],
    ]);
  });

  it('answers what it cannot do with 501', async () => {
    expect((await ask('a', { method: 'PATCH' })).status).toBe(501);
  });

  describe('a fault', () => {
    it.each<{ fault: S3Fault; isObeyed: boolean }>([
      { fault: SLOW_DOWN, isObeyed: false },
      { fault: { ...SLOW_DOWN, isObeyed: true } as S3Fault, isObeyed: true },
      { fault: { kind: 'reset' }, isObeyed: false },
      { fault: { kind: 'reset', isObeyed: true }, isObeyed: true },
    ])('$fault.kind hides whether the call was obeyed: $isObeyed', async ({ fault, isObeyed }) => {
      failAlways(fault);
      const status = await put('b').then(
        (answer) => answer.status,
        () => 'no answer',
      );
      expect(status).toBe(fault.kind === 'status' ? 503 : 'no answer');
      expect(server.objects.has('bucket/b')).toBe(isObeyed);
    });

    it.each([false, true])('silence is no answer, obeyed or not: %s', async (isObeyed) => {
      failAlways({ kind: 'silence', isObeyed });
      const abort = new AbortController();
      const asking = ask('b', { method: 'PUT', body: 'content', signal: abort.signal });
      while (server.calls.length === 0 || server.objects.has('bucket/b') !== isObeyed) await setImmediate();
      abort.abort();
      await expect(asking).rejects.toThrow('aborted');
    });

    it('cut ends the body after its first bytes, with its connection', async () => {
      failAlways({ kind: 'cut', afterBytes: 3 });
      const answer = await ask('a');
      expect(answer.headers.get('content-length')).toBe('7');
      await expect(answer.text()).rejects.toThrow('terminated');
    });

    it('stall keeps the rest of the body back', async () => {
      failAlways({ kind: 'stall', afterBytes: 3 });
      const reader = (await ask('a')).body?.getReader();
      expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('con');
      expect(server.countOpenCalls()).toBe(1);
      await reader?.cancel();
      while (server.countOpenCalls() > 0) await setImmediate();
    });

    it.each<{ fault: S3Fault; bytes: Buffer }>([
      { fault: { kind: 'short', byBytes: 2 }, bytes: Buffer.from('conte') },
      { fault: { kind: 'flip' }, bytes: Buffer.from([~0x63, ...Buffer.from('ontent')]) },
      { fault: { kind: 'late', ms: 1 }, bytes: Buffer.from('content') },
    ])(
      '$fault.kind gives other bytes, or the right ones late, as a whole answer',
      async ({ fault, bytes }) => {
        failAlways(fault);
        const answer = await ask('a');
        expect(answer.headers.get('content-length')).toBe(String(bytes.length));
        expect(Buffer.from(await answer.arrayBuffer())).toEqual(bytes);
        expect(Buffer.from(server.objects.get('bucket/a') ?? [])).toEqual(Buffer.from('content'));
      },
    );

    it('meets the calls it is meant for, and no other', async () => {
      const isMeant = ({ operation }: S3Call) => operation === 'PutObject';
      server.injectFaults(failCalls({ from: 2, to: 3, isMeant }, SLOW_DOWN));
      const statuses: number[] = [];
      for (const act of [put, ask, put, ask, put, put]) statuses.push((await act('a')).status);
      expect(statuses).toEqual([200, 200, 503, 200, 503, 200]);
    });
  });

  describe('faults by seed', () => {
    const keys = Array.from({ length: 40 }, (_, index) => `key-${index % 20}`);
    /** The kind of fault that each key meets at its first and at its second call. */
    const faultsOf = async (seed: number, asked: readonly string[]) => {
      server.injectFaults(failBySeed(seed, 0.5, FAULTS));
      const from = server.calls.length;
      for (const key of asked)
        await ask(key)
          .then(
            (answer) => answer.text(),
            () => {},
          )
          .catch(() => {});
      const met = new Map<string, unknown[]>();
      for (const { objectKey, fault } of server.calls.slice(from)) {
        met.set(objectKey, [...(met.get(objectKey) ?? []), fault?.kind]);
      }
      return [...met].sort();
    };

    it('are the same in every order of the calls', async () => {
      const first = await faultsOf(7, keys);
      expect(await faultsOf(7, keys)).toEqual(first);
      expect(await faultsOf(7, [...keys].reverse())).toEqual(first);
      expect(await faultsOf(8, keys)).not.toEqual(first);
    });

    it('meet about the share of the calls that is asked for', async () => {
      const met = (await faultsOf(7, keys)).flatMap(([, kinds]) => kinds);
      const faults = met.filter((kind) => kind !== undefined).length;
      expect(faults).toBeGreaterThan(10);
      expect(faults).toBeLessThan(30);
    });
  });
});
