import { createHash } from 'node:crypto';
import { parseReduceCommit, readPartitionSegments, runKeys, type Segment } from '@mapreduce/shared-utils';
import { FIXTURE_OUTPUT, FIXTURE_RUN_ID, FIXTURE_TEMP } from '@mapreduce/shared-utils/testing';
import { createReducerHandler } from '../src';
import { createReduceFixture, event, OUTPUT, outputOf, PARTITION, writeGroup } from './create-reduce-fixture';

const keys = runKeys(FIXTURE_RUN_ID);

const flip = (at: number) => (bytes: Uint8Array) =>
  bytes.map((byte, index) => (index === at ? byte ^ 4 : byte));

describe('the reducer handler', () => {
  it('sums the segments and writes the URLs sorted by UTF-8 bytes', async () => {
    const fixture = await createReduceFixture([['b', 'a', 'b'], ['😀', '\uffff', 'b'], ['\ud800']]);
    expect(await createReducerHandler(fixture.deps)(event)).toEqual({
      output_bucket: FIXTURE_OUTPUT,
      output_key: OUTPUT,
    });
    expect(outputOf(fixture)).toBe('{\n"a":1,\n"b":3,\n"\\ud800":1,\n"\uffff":1,\n"😀":1\n}\n');
  });

  it('commits the totals, the checksum of the very bytes, and the top URLs', async () => {
    const fixture = await createReduceFixture([['b', 'a', 'b']]);
    await createReducerHandler(fixture.deps)(event);
    const json = Buffer.from(
      fixture.store.objects.get(`${FIXTURE_TEMP}/${keys.reduceCommit(PARTITION)}`) ?? [],
    );
    expect(parseReduceCommit('commit', json.toString())).toMatchObject({
      output: {
        bucket: PARTITION,
        unique: 2,
        total: 3,
        sha256: createHash('sha256').update(outputOf(fixture)).digest('hex'),
      },
      top: [
        { url: 'b', count: 2 },
        { url: 'a', count: 1 },
      ],
    });
  });

  it('sums segments that are longer than a piece', async () => {
    const long = Array.from({ length: 40 }, (_, index) => `${index}`.padStart(100_000, 'x'));
    const fixture = await createReduceFixture([long, ['a'], long.slice(20)]);
    await createReducerHandler(fixture.deps)(event);
    const expected = long.map((url, index) => [url, index < 20 ? 1 : 2] as const);
    expect(JSON.parse(outputOf(fixture))).toEqual(Object.fromEntries([['a', 1], ...expected]));
  });

  it('does nothing when its partition is committed already', async () => {
    const fixture = await createReduceFixture([['a']]);
    const handler = createReducerHandler(fixture.deps);
    const first = await handler(event);
    fixture.store.objects.delete(`${FIXTURE_OUTPUT}/${OUTPUT}`);
    expect(await handler(event)).toEqual(first);
    expect(outputOf(fixture)).toBe('');
  });

  it('gives the same bytes when two attempts run at once', async () => {
    const fixture = await createReduceFixture([['b', 'a', 'b'], ['a']]);
    const handler = createReducerHandler(fixture.deps);
    const [first, second] = await Promise.all([handler(event), handler(event)]);
    expect(second).toEqual(first);
    expect(outputOf(fixture)).toBe('{\n"a":2,\n"b":2\n}\n');
  });

  it.each<[string, (bytes: Uint8Array) => Uint8Array | null, RegExp]>([
    ['with a flipped bit in a row', flip(5 + 24 + 9), /segment at byte 5: expected CRC-32 \d+, got \d+/],
    ['of another kind', flip(5), /expected a segment \(magic\)/],
    ['of another version', flip(5 + 4), /expected segment version 2, got 6/],
    ['of another hash', flip(5 + 6), /expected hash \(murmur3-x86-32\) 1, got 5/],
    ['of another partition', flip(5 + 8), /expected partition 0, got 4/],
    ['made for another number of partitions', flip(5 + 12), /expected partition count 4, got 0/],
    [
      'cut short',
      (bytes) => bytes.subarray(0, bytes.length - 1),
      /shuffle-0: expected an object that this run wrote, got another one/,
    ],
    ['that is missing', () => null, /shuffle-0: expected an object that this run wrote, got none/],
  ])('refuses a segment %s and publishes nothing', async (_, damage, message) => {
    const fixture = await createReduceFixture([['a', 'b']]);
    const name = `${FIXTURE_TEMP}/shuffle-0`;
    const damaged = damage(fixture.store.objects.get(name) as Uint8Array);
    if (damaged === null) fixture.store.objects.delete(name);
    else fixture.store.objects.set(name, damaged);
    await expect(createReducerHandler(fixture.deps)(event)).rejects.toMatchObject({
      name: 'CorruptRunError',
      message: expect.stringMatching(message),
    });
    expect(outputOf(fixture)).toBe('');
  });

  it('refuses a list of another partition', async () => {
    const fixture = await createReduceFixture([['a']]);
    const index = `${FIXTURE_TEMP}/${keys.partitionIndex(0)}`;
    const offsets = fixture.store.objects.get(index) as Uint8Array;
    fixture.store.objects.set(index, offsets.subarray(8));
    await expect(createReducerHandler(fixture.deps)(event)).rejects.toMatchObject({
      name: 'CorruptRunError',
      message: expect.stringContaining('expected partition 0, got 1'),
    });
  });

  it('refuses a list of another group', async () => {
    const fixture = await createReduceFixture([['a']], {}, { groupCount: 2 });
    const { objects } = fixture.store;
    for (const name of [keys.partitions, keys.partitionIndex]) {
      objects.set(`${FIXTURE_TEMP}/${name(1)}`, objects.get(`${FIXTURE_TEMP}/${name(0)}`) as Uint8Array);
    }
    await expect(createReducerHandler(fixture.deps)(event)).rejects.toMatchObject({
      name: 'CorruptRunError',
      message: expect.stringContaining('expected group 1, got 0'),
    });
  });

  it('sums the segments of all groups, and needs the list of each', async () => {
    const fixture = await createReduceFixture([['a', 'b']], {}, { groupCount: 2 });
    const handler = createReducerHandler(fixture.deps);
    await expect(handler(event)).rejects.toMatchObject({
      name: 'CorruptRunError',
      message: expect.stringContaining('partitions/1.index: expected an object that this run wrote'),
    });
    const [segment] = await readPartitionSegments(fixture.deps, fixture.plan, 0, PARTITION);
    await writeGroup(fixture, 1, [segment as Segment]);
    await handler(event);
    expect(outputOf(fixture)).toBe('{\n"a":2,\n"b":2\n}\n');
  });

  it('leaves nothing where a partition has no URL', async () => {
    const fixture = await createReduceFixture([]);
    expect(await createReducerHandler(fixture.deps)(event)).toBeNull();
    expect(outputOf(fixture)).toBe('');
    expect(fixture.store.objects.has(`${FIXTURE_TEMP}/${keys.reduceCommit(PARTITION)}`)).toBe(false);
  });
});
