import { EMPTY_TALLY, encodeWtf8, partitionOf } from '@mapreduce/shared-utils';
import { type Emission, type PartitionRows, type RejectedLine, readRecord } from '../src';
import { createCounter, cutEvery, kernels, readCounts, readOutput } from './count-lines';

const copyOf = ({ partitions }: Emission): PartitionRows[] =>
  partitions.map((each) => ({ ...each, rows: each.rows.slice() }));

const recordsOf = (urls: readonly string[]) =>
  Buffer.from(urls.map((url) => `${JSON.stringify({ url })}\n`).join(''));

describe.each(kernels)('The counter of the $name kernel', (kernel) => {
  it('is empty at first', () => {
    const counter = createCounter(kernel, []);
    expect(counter.tally).toEqual(EMPTY_TALLY);
    expect(counter.isFull).toBe(false);
    expect(counter.emit()).toEqual({ bytes: new Uint8Array(), partitions: [] });
  });

  it('emits by ascending partition, each URL in its own, without empty ones', () => {
    const urls = Array.from({ length: 200 }, (_, index) => `https://example.com/${index}`);
    const counter = createCounter(kernel, [], { partitionCount: 1000 });
    counter.begin(0);
    counter.push(recordsOf(urls));
    counter.end();
    const emitted = counter.emit().partitions;
    const partitions = emitted.map(({ partition }) => partition);
    expect(partitions).toEqual([...new Set(partitions)].sort((a, b) => a - b));
    for (const rows of emitted) {
      const counts = [...readCounts([rows]).keys()];
      expect(counts.length).toBeGreaterThan(0);
      for (const url of counts) expect(partitionOf(encodeWtf8(url), 1000)).toBe(rows.partition);
    }
    expect(readCounts(emitted).size).toBe(200);
  });

  it.each([0, 24])('leaves %i bytes in front of the rows of each partition', (headerBytes) => {
    const counter = createCounter(kernel, [], { partitionCount: 100, headerBytes });
    counter.begin(0);
    counter.push(recordsOf(['a', 'b', 'c', 'd', 'e']));
    counter.end();
    const { bytes, partitions } = counter.emit();
    expect(readCounts(partitions).size).toBe(5);
    let end = 0;
    for (const { rows, offset } of partitions) {
      expect(offset).toBe(end + headerBytes);
      end = offset + rows.length;
      bytes.fill(0xff, offset - headerBytes, offset);
      expect(Buffer.compare(bytes.subarray(offset, end), rows)).toBe(0);
    }
    expect(bytes).toHaveLength(end);
    expect(readCounts(partitions).size).toBe(5);
  });

  it.each([
    ['one partition', 1],
    ['as many partitions as there may be', 1024],
  ])('C47 counts the same into %s', (_, partitionCount) => {
    const counter = createCounter(kernel, [], { partitionCount });
    counter.begin(0);
    counter.push(recordsOf(['a', 'b', 'a', '']));
    counter.end();
    expect(readCounts(counter.emit().partitions)).toEqual(
      new Map([
        ['a', 2],
        ['b', 1],
        ['', 1],
      ]),
    );
  });

  it.each([
    ['after every line', 0],
    ['now and then', 1000],
    ['never', 1024 * 1024 * 1024],
  ])('counts the same when it is full %s', (_, tableBytes) => {
    const urls = Array.from({ length: 500 }, (_, index) => `https://example.com/${(index * index) % 97}`);
    const counter = createCounter(kernel, [], { tableBytes });
    const emitted: PartitionRows[] = [];
    let emissions = 0;
    counter.begin(0);
    for (const chunk of cutEvery(recordsOf(urls), 40)) {
      counter.push(chunk);
      if (!counter.isFull) continue;
      emissions++;
      emitted.push(...copyOf(counter.emit()));
      expect(counter.isFull).toBe(false);
    }
    counter.end();
    emitted.push(...copyOf(counter.emit()));
    expect(counter.emit()).toEqual({ bytes: new Uint8Array(), partitions: [] });
    expect(emissions > 100).toBe(tableBytes === 0);
    expect(emissions > 0).toBe(tableBytes < 2000);
    const counts = new Map<string, number>();
    for (const url of urls) counts.set(url, (counts.get(url) ?? 0) + 1);
    expect(readOutput(kernel, emitted)).toEqual(counts);
    expect(counter.tally).toMatchObject({ lines: 500, ok: 500 });
  });

  it.each([65_535, 65_536, 65_537])('counts one URL %i times', (times) => {
    const counter = createCounter(kernel, []);
    counter.begin(0);
    const record = recordsOf(['a']);
    counter.push(Buffer.alloc(record.length * times, record));
    counter.end();
    expect(readCounts(counter.emit().partitions)).toEqual(new Map([['a', times]]));
  });

  it.each([65_535, 65_536, 65_537])('counts a URL of %i bytes', (length) => {
    const counter = createCounter(kernel, []);
    counter.begin(0);
    counter.push(recordsOf(['x'.repeat(length), 'a', 'x'.repeat(length)]));
    counter.end();
    expect(readCounts(counter.emit().partitions)).toEqual(
      new Map([
        ['x'.repeat(length), 2],
        ['a', 1],
      ]),
    );
  });

  it('does not fill up by a URL that it has already', () => {
    const counter = createCounter(kernel, [], { tableBytes: 10_000 });
    counter.begin(0);
    for (let i = 0; i < 2000; i++) counter.push(recordsOf(['https://example.com/hot']));
    expect(counter.isFull).toBe(false);
    counter.end();
    expect(readCounts(counter.emit().partitions)).toEqual(new Map([['https://example.com/hot', 2000]]));
  });

  it('M02 never joins the lines of two stretches, and skips the mark of each file', () => {
    const rejects: RejectedLine[] = [];
    const counter = createCounter(kernel, rejects);
    for (const [offset, text] of [
      [0, '\ufeff{"url":"a"}\n{"url":'],
      [0, '"b"}'],
      [0, ''],
      [0, '\ufeff'],
      [0, '\ufeff{"url":"a"}'],
      [70, '{"url":"c"}'],
    ] as const) {
      counter.begin(offset);
      counter.push(Buffer.from(text));
      counter.end();
    }
    expect(readCounts(counter.emit().partitions)).toEqual(
      new Map([
        ['a', 2],
        ['c', 1],
      ]),
    );
    expect(counter.tally).toMatchObject({ lines: 5, ok: 3, blank: 0, bad: 2 });
    expect(rejects.map(({ offset, length, reason }) => [offset, length, reason])).toEqual([
      [15, 7, 'malformed_json'],
      [0, 4, 'malformed_json'],
    ]);
  });

  it('gives heads of its own, of at most 800 bytes', () => {
    const rejects: RejectedLine[] = [];
    const counter = createCounter(kernel, rejects);
    const chunk = Buffer.from(`{${'x'.repeat(5000)}\n{short\n`);
    counter.begin(0);
    counter.push(chunk);
    chunk.fill(0);
    counter.end();
    expect(rejects.map(({ head }) => Buffer.from(head).toString())).toEqual([
      `{${'x'.repeat(799)}`,
      '{short',
    ]);
  });

  it('begins with nothing in it after another that was closed', () => {
    const other = createCounter(kernel, [], { urlField: 'a', partitionCount: 1 });
    other.begin(0);
    other.push(Buffer.from('{"a":"x"}\n{"a":"y"}\n{"url":"z"}\n{"a":'));
    other.close();
    other.close();
    const rejects: RejectedLine[] = [];
    const counter = createCounter(kernel, rejects);
    expect(counter.tally).toEqual(EMPTY_TALLY);
    counter.begin(0);
    counter.push(Buffer.from('{"a":"x"}\n{"url":"z"}\n'));
    counter.end();
    expect(readCounts(counter.emit().partitions)).toEqual(new Map([['z', 1]]));
    expect(rejects).toMatchObject([{ offset: 0, reason: 'missing_url' }]);
    counter.close();
  });

  it('gives a tally that later lines do not change', () => {
    const counter = createCounter(kernel, []);
    counter.begin(0);
    counter.push(Buffer.from('{"url":"a"}\n{\n'));
    const before = counter.tally;
    counter.push(Buffer.from('{"url":"a"}\n{\n'));
    expect([before.lines, before.badByReason.malformed_json]).toEqual([2, 1]);
    expect(EMPTY_TALLY.lines).toBe(0);
    expect(EMPTY_TALLY.badByReason.malformed_json).toBe(0);
  });
});

describe('readRecord', () => {
  it.each([
    ['{"url":"a"}', { kind: 'ok', url: 'a' }],
    [' \t\r', { kind: 'blank' }],
    ['', { kind: 'blank' }],
    ['{', { kind: 'bad', reason: 'malformed_json' }],
    ['[]', { kind: 'bad', reason: 'not_object' }],
    ['{}', { kind: 'bad', reason: 'missing_url' }],
    ['{"url":1}', { kind: 'bad', reason: 'url_not_string' }],
    ['\ufeff{"url":"a"}', { kind: 'bad', reason: 'malformed_json' }],
  ])('of %j is %j', (line, outcome) => {
    expect(readRecord(Buffer.from(line), ['url'])).toEqual(outcome);
  });
});
