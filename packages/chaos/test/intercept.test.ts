import { type ObjectStore, readText } from '@mapreduce/shared-utils';
import { createMemoryStore, type MemoryStore } from '@mapreduce/shared-utils/testing';
import { dieAt } from '../src/death';
import type { FailingForm, Fate } from '../src/fates';
import { interceptStore } from '../src/intercept';

const ref = { bucket: 'bucket', objectKey: 'key' };
const fail = () => Promise.reject(new Error('injected'));

let store: MemoryStore;
let halves: string[];
const leaveHalf = async (_: object, bytes: Uint8Array) => void halves.push(Buffer.from(bytes).toString());
const contents = () => [...store.objects.values()].map((bytes) => Buffer.from(bytes).toString());

beforeEach(async () => {
  store = createMemoryStore({ pieceBytes: 2 });
  halves = [];
});

function struck(fate: Fate, atCall = 0): ObjectStore {
  let calls = 0;
  return interceptStore(store, { decide: () => (calls++ === atCall ? fate : { form: 'done' }), leaveHalf });
}

describe('a call that fails', () => {
  it.each<[FailingForm, string[], string[]]>([
    ['before', [], []],
    ['torn', [], ['con']],
    ['after', ['content'], []],
  ])('%s leaves of a put %j in the store, and %j behind', async (form, visible, left) => {
    await expect(struck({ form, fail }).put(ref, Buffer.from('content'))).rejects.toThrow('injected');
    expect([contents(), halves]).toEqual([visible, left]);
  });

  it.each<[FailingForm, number, string[]]>([
    ['before', 1, []],
    ['torn', 1, []],
    ['after', 1, ['content']],
  ])('%s leaves of a writer that closes then (call %i) %j', async (form, atCall, visible) => {
    const writer = struck({ form, fail }, atCall).createWriter(ref);
    await writer.write(Buffer.from('content'));
    await expect(writer.close()).rejects.toThrow('injected');
    expect(contents()).toEqual(visible);
  });

  it.each<[Fate, string, boolean]>([
    [{ form: 'before', fail }, '', true],
    [{ form: 'short', fail }, 'con', true],
    [{ form: 'after', fail }, 'content', true],
    [{ form: 'silent' }, 'con', false],
    [{ form: 'done' }, 'content', false],
  ])('%j gives a reader %s', async (fate, given, isFailing) => {
    await store.put(ref, Buffer.from('content'));
    let text = '';
    const read = async () => {
      for await (const piece of struck(fate).read(ref)) text += Buffer.from(piece).toString();
    };
    await (isFailing ? expect(read()).rejects.toThrow('injected') : read());
    expect(text).toBe(given);
  });

  it('in a form that it cannot take is none', async () => {
    await store.put(ref, Buffer.from('content'));
    expect(await readText(struck({ form: 'torn', fail }), ref)).toBe('content');
  });
});

describe('a task that dies', () => {
  const dying = (atCall: number, form: FailingForm, act: (store: ObjectStore) => Promise<unknown>) =>
    dieAt(
      { store: store as never, leaveHalf, inputDirectory: null, close: async () => {} },
      { atCall, form, name: 'Lambda.Unknown' },
      act,
    );

  it('is reported under the name that the machine retries, and does nothing more', async () => {
    const act = async (mortal: ObjectStore) => {
      await mortal.put(ref, Buffer.from('first'));
      await mortal.put(ref, Buffer.from('second')).catch(() => undefined);
      await mortal.put(ref, Buffer.from('third'));
    };
    await expect(dying(1, 'before', act)).rejects.toMatchObject({ name: 'Lambda.Unknown' });
    await new Promise(setImmediate);
    expect(contents()).toEqual(['first']);
  });

  it('leaves of what it had open only the half that was written', async () => {
    const act = async (mortal: ObjectStore) => {
      const writer = mortal.createWriter(ref);
      await writer.write(Buffer.from('half'));
      await writer.write(Buffer.from(' and more'));
      await writer.close();
    };
    await expect(dying(1, 'before', act)).rejects.toMatchObject({ name: 'Lambda.Unknown' });
    expect([contents(), halves]).toEqual([[], ['half and more']]);
  });

  it('takes what it was reading beside with it', async () => {
    await store.put(ref, Buffer.from('content'));
    const act = (mortal: ObjectStore) =>
      Promise.all([readText(mortal, ref), mortal.head(ref)]).then(() => 'it lives');
    await expect(dying(1, 'before', act)).rejects.toMatchObject({ name: 'Lambda.Unknown' });
  });
});
