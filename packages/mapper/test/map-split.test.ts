import { gzipSync, zstdCompressSync } from 'node:zlib';
import {
  EMPTY_TALLY,
  type InputRange,
  type ObjectStore,
  StoreUnavailableError,
} from '@mapreduce/shared-utils';
import { MIB } from './byte-sources';
import {
  createPlannedRun,
  failingAt,
  namesWritten,
  readCommit,
  readCounts,
  readRejects,
} from './planned-run';

const record = (url: string) => `${JSON.stringify({ url })}\n`;

const cut = (range: InputRange, splitBytes: number): InputRange[][] =>
  Array.from({ length: Math.ceil(range.size / splitBytes) }, (_, index) => [
    { ...range, start: index * splitBytes, end: Math.min((index + 1) * splitBytes, range.size) },
  ]);

/** A URL that fills the table alone, so that it is emitted before the split is over. */
const filling = record('x'.repeat(16 * MIB - 10));

const counts = (entries: Record<string, number>) => new Map(Object.entries(entries));

/** A planned run of one split over these files. */
async function createRunOf(
  files: Record<string, string | Uint8Array>,
  ...settings: Parameters<typeof createPlannedRun>
) {
  const run = createPlannedRun(...settings);
  const ranges: InputRange[] = [];
  for (const [key, content] of Object.entries(files)) ranges.push(await run.putInput(key, content));
  await run.writePlan([ranges]);
  return { ...run, ranges };
}

describe('the mapper', () => {
  it('counts a split into one shuffle object and commits it', async () => {
    const text = `${record('a')}${record('b')}\n${record('a')}`;
    const { store, mapSplit } = await createRunOf({ file: text });
    expect(await mapSplit(0)).toEqual({ split: 0 });
    expect(namesWritten(store)).toEqual(['shuffle/0-attempt-0.bin', 'map/0.json']);
    expect(readCounts(store, 0)).toEqual(counts({ a: 2, b: 1 }));
    const { segments, ...commit } = readCommit(store, 0);
    expect(commit).toEqual({
      version: 1,
      runId: 'run',
      split: 0,
      attempt: 'attempt-0',
      shuffleKey: 'runs/run/shuffle/0-attempt-0.bin',
      fingerprint: 'format=1 hash=murmur3-x86-32 num_buckets=4 url_field="url" max_line_bytes=16777216',
      bytesRead: text.length,
      records: { ...EMPTY_TALLY, lines: 4, ok: 3, blank: 1 },
      rejects: null,
      firstReject: null,
    });
    expect(segments.map(({ partition }) => partition < 4)).toEqual(segments.map(() => true));
  });

  it('C24 commits a split without a URL, and writes no shuffle object', async () => {
    const { store, mapSplit } = await createRunOf({ blank: '\n \n' });
    await mapSplit(0);
    expect(namesWritten(store)).toEqual(['map/0.json']);
    expect(readCommit(store, 0)).toMatchObject({
      segments: [],
      bytesRead: 3,
      records: { lines: 2, blank: 2 },
    });
  });

  it('emits whenever its table is full, and commits all of that', async () => {
    const { store, mapSplit } = await createRunOf(
      { first: record('a'), filling, last: record('a') },
      { numBuckets: 1, tableBytes: 1_000_000 },
      MIB,
    );
    await mapSplit(0);
    const found = readCounts(store, 0);
    expect([found.size, found.get('a'), found.get(filling.slice(8, -3))]).toEqual([2, 2, 1]);
    const { segments } = readCommit(store, 0);
    expect(segments.map(({ partition }) => partition)).toEqual([0, 0]);
    const ends = segments.map(({ offset, length }) => offset + length);
    expect(segments.map(({ offset }) => offset)).toEqual([0, ...ends.slice(0, -1)]);
  });

  it('has its settings from the plan', async () => {
    const { store, mapSplit } = await createRunOf(
      { file: '{"request":{"url":"a"}}\n' },
      { urlField: 'request.url', numBuckets: 1 },
    );
    await mapSplit(0);
    expect(readCounts(store, 0)).toEqual(counts({ a: 1 }));
    expect(readCommit(store, 0).segments.map(({ partition }) => partition)).toEqual([0]);
  });

  it('tells the bytes as it reads them', async () => {
    const text = record('a').repeat(10);
    const { mapSplit } = await createRunOf({ file: text }, {}, 7);
    const read: number[] = [];
    await mapSplit(0, { onBytesRead: (bytes) => read.push(bytes) });
    expect(read.reduce((sum, bytes) => sum + bytes, 0)).toBe(text.length);
    expect(read.length).toBeGreaterThan(10);
  });

  it('C67 logs one event without any URL', async () => {
    const { logged, mapSplit } = await createRunOf({
      file: `${record('https://secret.example')}{"url":"secret\n`,
    });
    await mapSplit(0);
    expect(logged).toEqual([
      {
        message: 'split mapped',
        run_id: 'run',
        split: 0,
        attempt: 'attempt-0',
        bytes: 48,
        lines: 2,
        bad: 1,
        spills: 0,
      },
    ]);
  });

  describe('asked again', () => {
    it('returns at once, reads no input and writes nothing', async () => {
      const { store, mapSplit } = await createRunOf({ file: record('a') });
      await mapSplit(0);
      await store.delete([{ bucket: 'in', objectKey: 'file' }]);
      const before = new Map(store.objects);
      expect(await mapSplit(0)).toEqual({ split: 0 });
      expect(store.objects).toEqual(before);
    });

    it('C39 at the same time: one attempt is committed, whole, and the other counts for nothing', async () => {
      const { store, mapSplit, logged } = await createRunOf({
        file: record('a').repeat(50),
        other: '{"url":1}\n',
      });
      const results = await Promise.all([mapSplit(0), mapSplit(0), mapSplit(0)]);
      expect(results).toEqual([{ split: 0 }, { split: 0 }, { split: 0 }]);
      const { attempt, shuffleKey, rejects } = readCommit(store, 0);
      expect(shuffleKey).toBe(`runs/run/shuffle/0-${attempt}.bin`);
      expect(rejects?.key).toBe(`runs/run/rejects/0-${attempt}.jsonl`);
      expect(readCounts(store, 0)).toEqual(counts({ a: 50 }));
      const messages = logged.map((event) => (event as { message: string }).message);
      expect(messages.sort()).toEqual([
        'split mapped',
        'split was mapped by another attempt',
        'split was mapped by another attempt',
      ]);
    });

    it('C41 late: an attempt that ends after another changes nothing that counts', async () => {
      const { store, mapSplit } = await createRunOf({ file: record('a') });
      let release = () => {};
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      const late = mapSplit(0, {
        store: {
          ...store,
          put: async (...args) => {
            await held;
            return store.put(...args);
          },
        },
      });
      await mapSplit(0);
      const committed = readCommit(store, 0);
      release();
      expect(await late).toEqual({ split: 0 });
      expect(readCommit(store, 0)).toEqual(committed);
      expect(readCounts(store, 0)).toEqual(counts({ a: 1 }));
    });

    describe('at the same time, and counting otherwise', () => {
      const text = `${record('a')}${record('b')}${record('a')}`;

      /** The attempt that loses reads these bytes; the record of the other is there when it has counted. */
      async function loseAgainst(winning: string, losing: string, tableBytes?: number) {
        const run = await createRunOf({ file: winning }, tableBytes === undefined ? {} : { tableBytes }, 100);
        const { store, mapSplit } = run;
        const late: ObjectStore = {
          ...store,
          read: (ref, options) => (ref.bucket === 'in' ? piecesOf(losing) : store.read(ref, options)),
          put: async (ref, ...rest) => {
            if (ref.objectKey.endsWith('map/0.json')) await mapSplit(0);
            return store.put(ref, ...rest);
          },
        };
        return { ...run, result: mapSplit(0, { store: late }) };
      }

      async function* piecesOf(text: string) {
        for (let at = 0; at < text.length; at += 31) yield Buffer.from(text.slice(at, at + 31));
      }

      it.each([
        ['the URL of a line', text.replace('"b"', '"c"'), /different counts in partition \d/],
        ['whether a line is bad', text.replace('"b"', '123'), /different ok \(3 and 2\)/],
        ['how many lines there are', text.replace('}\n{', '} {'), /different lines \(3 and 2\)/],
      ])(
        'C40 %s: one is committed, whole, and the other fails with both their names',
        async (_, losing, what) => {
          const { store, logged, result } = await loseAgainst(text, losing);
          const failure = expect(result).rejects;
          await failure.toMatchObject({ name: 'CorruptRunError', message: expect.stringMatching(what) });
          await failure.toThrow(/map\/0\.json: expected attempts attempt-1 and attempt-0 to count the same/);
          expect(readCounts(store, 0)).toEqual(counts({ a: 2, b: 1 }));
          expect(readCommit(store, 0).attempt).toBe('attempt-1');
          expect(logged).toContainEqual(
            expect.objectContaining({
              message: 'two attempts at a split differ',
              committed: 'attempt-1',
              attempt: 'attempt-0',
            }),
          );
        },
      );

      it('C39 or the same in other segments, when tables fill up elsewhere: nobody fails', async () => {
        const lines = Array.from({ length: 40 }, (_, line) => record(`${line % 5}`)).join('');
        const { store, result } = await loseAgainst(lines, lines, 1);
        expect(await result).toEqual({ split: 0 });
        const shuffles = namesWritten(store).filter((name) => name.startsWith('shuffle/'));
        const sizes = shuffles.map((name) => store.objects.get(`temp/runs/run/${name}`)?.length);
        expect(new Set(sizes).size).toBe(2);
      });

      it('C41 after the run is over: there is nothing to compare with, and nobody fails', async () => {
        const { store, logged, mapSplit } = await createRunOf({ file: text });
        const late: ObjectStore = {
          ...store,
          put: async (ref, ...rest) => {
            await mapSplit(0);
            const shuffles = namesWritten(store).filter((name) => name.startsWith('shuffle/'));
            await store.delete(shuffles.map((name) => ({ bucket: 'temp', objectKey: `runs/run/${name}` })));
            return store.put(ref, ...rest);
          },
        };
        expect(await mapSplit(0, { store: late })).toEqual({ split: 0 });
        expect(logged).toContainEqual(expect.objectContaining({ message: 'attempts were not compared' }));
      });
    });

    it('C38 by its own client, which sends the record again for a lost answer: it is the first', async () => {
      const { store, logged, mapSplit } = await createRunOf({ file: record('a') });
      const resending: ObjectStore = {
        ...store,
        put: async (...args) => {
          await store.put(...args);
          return store.put(...args);
        },
      };
      expect(await mapSplit(0, { store: resending })).toEqual({ split: 0 });
      expect(logged).toEqual([expect.objectContaining({ message: 'split mapped' })]);
    });

    it('C52 in one process for other splits: nothing is carried over', async () => {
      const { store, mapSplit, putInput, writePlan } = createPlannedRun();
      const ranges = [];
      for (const url of ['a', 'b', 'c']) ranges.push(await putInput(url, `${record(url)}{${url}\n`));
      await writePlan(ranges.map((range) => [range]));
      for (const split of [0, 1, 2]) await mapSplit(split);
      for (const [split, url] of ['a', 'b', 'c'].entries()) {
        expect(readCounts(store, split)).toEqual(counts({ [url]: 1 }));
        expect(readCommit(store, split).records).toMatchObject({ lines: 2, ok: 1, bad: 1 });
        expect(readRejects(store, split)).toHaveLength(1);
      }
    });
  });

  describe('over splits of one object', () => {
    const text = [
      `\ufeff${record('a')}`,
      record('😀é').repeat(3),
      '\r\n',
      `{"x":"${'y'.repeat(60)}","url":"a"}\n`,
      '{broken\n',
      record('\ud800'),
      '{"url":"last"}',
    ].join('');

    it.each([1, 2, 3, 7, 16, 33, 100, 10_000])(
      'C16-C19 of %d bytes counts what it counts in one',
      async (splitBytes) => {
        const { store, mapSplit, putInput, writePlan } = createPlannedRun({}, 5);
        const range = await putInput('file', text);
        const splits = cut(range, splitBytes);
        await writePlan(splits);
        const indexes = splits.map((_, split) => split);
        for (const split of indexes) await mapSplit(split);
        const commits = indexes.map((split) => readCommit(store, split));
        const sum = (of: (commit: (typeof commits)[number]) => number) =>
          commits.reduce((total, commit) => total + of(commit), 0);
        expect(readCounts(store, ...indexes)).toEqual(
          new Map([
            ['a', 2],
            ['😀é', 3],
            ['\ud800', 1],
            ['last', 1],
          ]),
        );
        expect(sum(({ bytesRead }) => bytesRead)).toBe(range.size);
        expect(sum(({ records }) => records.lines)).toBe(9);
        expect([sum(({ records }) => records.ok), sum(({ records }) => records.blank)]).toEqual([7, 1]);
        // C20: offsets are those in the object, in whichever split the line is.
        expect(indexes.flatMap((split) => readRejects(store, split))).toEqual([
          {
            source: 'memory://in/file',
            offset: Buffer.from(text).indexOf('{broken'),
            length: 7,
            reason: 'malformed_json',
            snippet: '{broken',
          },
        ]);
      },
    );
  });

  describe('over many objects in one split', () => {
    it('M01-M03 never joins lines, and names the object of each bad one', async () => {
      const { store, mapSplit } = await createRunOf(
        {
          'no-final-lf': '{"url":"a"}\n{"url":',
          'goes-on': '"b"}\n{"url":"a"}',
          'mark-and-lf': `\ufeff${record('a')}`,
          'mark-alone': '\ufeff',
          blank: '\n',
          gzip: gzipSync(`${record('c')}{"url":1}\n{"url":`),
          'after-gzip': '"d"}',
          zstd: zstdCompressSync(`\ufeff${record('c')}`),
        },
        {},
        3,
      );
      await mapSplit(0);
      expect(readCounts(store, 0)).toEqual(counts({ a: 3, c: 2 }));
      const rejects = readRejects(store, 0).map(({ source, offset, length, reason }) => [
        source.replace('memory://in/', ''),
        offset,
        length,
        reason,
      ]);
      expect(rejects).toEqual([
        ['no-final-lf', 12, 7, 'malformed_json'],
        ['goes-on', 0, 4, 'malformed_json'],
        ['gzip', 12, 9, 'url_not_string'],
        ['gzip', 22, 7, 'malformed_json'],
        ['after-gzip', 0, 4, 'malformed_json'],
      ]);
      expect(readCommit(store, 0).records).toMatchObject({ lines: 11, ok: 5, blank: 1, bad: 5 });
    });

    it('reads all bytes of each: of compressed ones as they are stored', async () => {
      const gzip = gzipSync(record('a').repeat(100));
      const { store, mapSplit } = await createRunOf({ plain: record('a'), gzip, nothing: gzipSync('') });
      await mapSplit(0);
      expect(readCommit(store, 0).bytesRead).toBe(12 + gzip.length + gzipSync('').length);
      expect(readCounts(store, 0)).toEqual(counts({ a: 101 }));
    });

    it('counts a thousand of them', async () => {
      const files = Object.fromEntries(
        Array.from({ length: 1000 }, (_, index) => [
          `file-${index}`,
          `${record('all')}{"url":"${index % 7}"}`,
        ]),
      );
      const { store, mapSplit } = await createRunOf(files);
      await mapSplit(0);
      const found = readCounts(store, 0);
      expect([found.size, found.get('all'), found.get('0'), found.get('6')]).toEqual([8, 1000, 143, 142]);
    });
  });

  describe('with long lines', () => {
    it('C1 counts a line of 16 MiB, and refuses one of a byte more, across splits', async () => {
      const lineOf = (bytes: number) => `{"url":"a","x":"${'x'.repeat(bytes - 18)}"}\n`;
      const text = `${lineOf(16 * MIB)}${record('b')}${lineOf(16 * MIB + 1)}${record('c')}`;
      const { store, mapSplit, putInput, writePlan } = createPlannedRun({}, MIB - 1);
      const splits = cut(await putInput('file', text), 12 * MIB);
      await writePlan(splits);
      const indexes = splits.map((_, split) => split);
      for (const split of indexes) await mapSplit(split);
      expect(readCounts(store, ...indexes)).toEqual(counts({ a: 1, b: 1, c: 1 }));
      expect(indexes.flatMap((split) => readRejects(store, split))).toEqual([
        {
          source: 'memory://in/file',
          offset: 16 * MIB + 1 + 12,
          length: 16 * MIB + 1,
          reason: 'line_too_long',
          snippet: `{"url":"a","x":"${'x'.repeat(183)}…`,
        },
      ]);
    });

    it.each([
      ['zeros', '\0', { lines: 1, bad: 1 }, [256 * MIB, 'line_too_long']],
      ['newlines', '\n', { lines: 4 * MIB, blank: 4 * MIB }, []],
    ])('C13 reads a bomb of %s in bounded memory', async (_, char, records, reject) => {
      const part = gzipSync(Buffer.alloc(4 * MIB, char));
      const bomb = Buffer.concat(Array.from({ length: char === '\n' ? 1 : 64 }, () => part));
      const { store, mapSplit } = await createRunOf({ 'bomb.gz': bomb });
      const before = process.memoryUsage().rss;
      await mapSplit(0);
      expect(process.memoryUsage().rss - before).toBeLessThan(300 * MIB);
      expect(readCommit(store, 0).records).toMatchObject(records);
      expect(readRejects(store, 0).flatMap(({ length, reason }) => [length, reason])).toEqual(reject);
    });
  });

  describe('with bad lines', () => {
    it('C12 shows them escaped and cut at 200 characters', async () => {
      const lines = [
        '\u001b[2J\u0007{"url":',
        `\ufeff${record('mark').trimEnd()}`,
        `{"x":"${'é'.repeat(500)}`,
        `{"x":"${'😀'.repeat(500)}`,
        '\u202e\u2028\u0085\u0000\t\r',
        '"quote"\\',
      ];
      const { store, mapSplit } = await createRunOf({ 'odd\nkey': `\n${lines.join('\n')}\n` });
      await mapSplit(0);
      const rejects = readRejects(store, 0);
      expect(rejects.map(({ snippet }) => snippet)).toEqual([
        '\\u001b[2J\\u0007{"url":',
        '\\ufeff{"url":"mark"}',
        `{"x":"${'é'.repeat(193)}…`,
        `{"x":"${'😀'.repeat(96)}…`,
        '\\u202e\\u2028\\u0085\\u0000\\u0009\\u000d',
        '"quote"\\',
      ]);
      for (const { snippet } of rejects) expect(snippet.length).toBeLessThanOrEqual(200);
      expect(readCommit(store, 0).firstReject).toEqual(rejects[0]);
      expect(rejects[0]).toMatchObject({ source: 'memory://in/odd\nkey', offset: 1, length: 12 });
    });

    it('shows bytes that are not UTF-8 as U+FFFD', async () => {
      const { store, mapSplit } = await createRunOf({ file: Buffer.from('{"url":"\xff\xfe"}', 'latin1') });
      await mapSplit(0);
      expect(readRejects(store, 0)).toMatchObject([
        { reason: 'invalid_utf8', snippet: '{"url":"\ufffd\ufffd"}' },
      ]);
    });

    it('counts every one, and writes at most 10,000', async () => {
      const { store, mapSplit } = await createRunOf({ file: '{\n'.repeat(10_050) + record('a') });
      await mapSplit(0);
      const { records, rejects } = readCommit(store, 0);
      expect(records).toMatchObject({ lines: 10_051, ok: 1, bad: 10_050 });
      expect(records.badByReason.malformed_json).toBe(10_050);
      expect(rejects?.written).toBe(10_000);
      const written = readRejects(store, 0);
      expect(written).toHaveLength(10_000);
      expect(written.at(-1)?.offset).toBe(19_998);
    });
  });

  describe('that fails', () => {
    const good = gzipSync(record('a'));

    it.each([
      ['Z06 gzip that is cut', good.subarray(0, good.length - 1), 'CorruptInputError'],
      ['Z09 gzip with junk after it', Buffer.concat([good, Buffer.from('junk')]), 'CorruptInputError'],
      ['C14 gzip in gzip', gzipSync(good), 'UnsupportedInputError'],
    ])('on %s leaves no commit record and no shuffle object', async (_, bytes, name) => {
      const { store, mapSplit, logged } = await createRunOf({ first: record('b'), 'bad.gz': bytes });
      await expect(mapSplit(0)).rejects.toMatchObject({
        name,
        message: expect.stringContaining('memory://in/bad.gz'),
      });
      expect(namesWritten(store)).toEqual([]);
      expect(logged).toEqual([]);
    });

    it('after it has written aborts its shuffle object', async () => {
      const { store, mapSplit } = await createRunOf(
        { first: filling, last: record('a') },
        { tableBytes: 1_000_000 },
      );
      const calls: string[] = [];
      const error = new StoreUnavailableError('memory: try again later');
      const full: ObjectStore = {
        ...store,
        createWriter: () => ({
          write: async () => {
            calls.push('write');
            if (calls.length === 2) throw error;
          },
          close: async () => void calls.push('close'),
          abort: async () => void calls.push('abort'),
        }),
      };
      await expect(mapSplit(0, { store: full })).rejects.toBe(error);
      expect(calls).toEqual(['write', 'write', 'abort']);
      expect(namesWritten(store)).toEqual([]);
    });

    it('C25 on an input that changed leaves no commit record', async () => {
      const { store, mapSplit, putInput } = await createRunOf({ first: record('a'), second: record('b') });
      await putInput('second', record('c'));
      await expect(mapSplit(0)).rejects.toMatchObject({ name: 'InputChangedError' });
      expect(namesWritten(store)).toEqual([]);
    });

    it('C27 on an input that is gone names it', async () => {
      const { store, mapSplit } = await createRunOf({ first: record('a') });
      await store.delete([{ bucket: 'in', objectKey: 'first' }]);
      await expect(mapSplit(0)).rejects.toMatchObject({
        name: 'InputNotFoundError',
        message: expect.stringContaining('memory://in/first'),
      });
      expect(namesWritten(store)).toEqual([]);
    });

    it('keeps to the limit of decompressed bytes for each object', async () => {
      const gzip = gzipSync(record('a').repeat(10));
      const within = await createRunOf({ first: gzip, second: gzip }, { maxDecompressedBytes: 120 });
      await within.mapSplit(0);
      expect(readCounts(within.store, 0)).toEqual(counts({ a: 20 }));
      const past = await createRunOf({ first: gzip, second: gzip }, { maxDecompressedBytes: 119 });
      await expect(past.mapSplit(0)).rejects.toMatchObject({ name: 'CorruptInputError' });
    });

    it('B2 at any call of its store leaves nothing that counts, or all of it, and a retry succeeds', async () => {
      const files = { file: `${record('a')}${record('b')}{"url":1}\n`, gzip: gzipSync(record('a')) };
      const error = new StoreUnavailableError('memory: try again later');
      for (const when of ['before', 'after'] as const) {
        let at = 0;
        for (let isOver = false; !isOver; at++) {
          const { store, mapSplit } = await createRunOf(files, {}, 16);
          const failure = await mapSplit(0, { store: failingAt(store, at, when, error) }).catch(
            (thrown: unknown) => thrown,
          );
          isOver = failure !== error;
          if (isOver) expect(failure).toEqual({ split: 0 });
          await mapSplit(0);
          expect(readCounts(store, 0)).toEqual(counts({ a: 2, b: 1 }));
          expect(readCommit(store, 0).records).toMatchObject({ lines: 4, ok: 3, bad: 1 });
          expect(readRejects(store, 0)).toHaveLength(1);
        }
        // The plan, its index, the split, two inputs, the shuffle object, the rejects and the commit record.
        expect(at).toBeGreaterThan(12);
      }
    });

    it.each([
      ['C46 a plan under another hash', { fingerprint: 'format=1 hash=fnv1a' }, 'expected fingerprint'],
      ['C42 a plan of another run', { runId: 'other' }, 'expected run id run, got other'],
      ['a split that the plan has not', { splitCount: 0 }, 'expected a split below 0'],
    ])('on %s says so', async (_, changes, message) => {
      const { store, mapSplit, ranges, writePlan } = await createRunOf({ file: record('a') });
      await writePlan([ranges], changes);
      await expect(mapSplit(0)).rejects.toMatchObject({
        name: 'CorruptRunError',
        message: expect.stringContaining(message),
      });
      expect(namesWritten(store)).toEqual([]);
    });

    it('without a plan says so', async () => {
      await expect(createPlannedRun().mapSplit(0)).rejects.toMatchObject({
        name: 'CorruptRunError',
        message: expect.stringContaining('runs/run/plan.json'),
      });
    });

    it.each([
      [null, 'expected object, got null'],
      [{ split: 0 }, 'field run_id: expected'],
      [{ run_id: '../x', split: 0 }, 'field run_id: expected run id'],
      [{ run_id: 'run', split: -1 }, 'field split: expected'],
      [{ run_id: 'run', split: 0.5 }, 'field split: expected an integer'],
      [{ run_id: 'run', split: '0' }, 'field split: expected number, got "0"'.replaceAll('"', '\\"')],
      [{ run_id: 'run', split: 0, extra: 1 }, 'field extra: unknown field'],
    ])('C36 on the event %j names the field', async (event, message) => {
      await expect(createPlannedRun().invoke(event)).rejects.toMatchObject({
        name: 'InvalidInputError',
        message: expect.stringContaining(message),
      });
    });
  });
});
