import { execFileSync } from 'node:child_process';
import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createDirectoryStore,
  InputChangedError,
  InputNotFoundError,
  InvalidInputError,
  type ObjectRef,
  type ObjectStore,
  readText,
  UnsupportedInputError,
} from '../../src';
import { describeObjectStore } from '../../testing';

/** What a store reads at a time. */
const READ_BYTES = 256 * 1024;
const UNFINISHED = '.unfinished-0123456789abcdef';

describeObjectStore('a directory', async () => {
  const root = await mkdtemp(join(tmpdir(), 'directory-store-'));
  return {
    store: createDirectoryStore(new Map([['bucket', root]])),
    bucket: 'bucket',
    countOpenHandles: () => countOpenFiles(root),
    close: () => rm(root, { recursive: true }),
  };
});

describe('the directory store', () => {
  let parent: string;
  let root: string;
  let store: ObjectStore;

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'directory-store-'));
    root = join(parent, 'root');
    await mkdir(root);
    store = createDirectoryStore(new Map([['bucket', root]]));
  });
  afterEach(() => rm(parent, { recursive: true }));

  const refTo = (objectKey: string): ObjectRef => ({ bucket: 'bucket', objectKey });
  const keysUnder = async (prefix: string): Promise<string[]> => {
    const keys: string[] = [];
    for await (const { objectKey } of store.list('bucket', prefix)) keys.push(objectKey);
    return keys;
  };

  it('names an object by its path', () => {
    expect(store.uri(refTo('a/b'))).toBe(join(root, 'a/b'));
  });

  it('knows no bucket but its own', async () => {
    const ref = { bucket: 'other', objectKey: 'a' };
    await expect(store.head(ref)).rejects.toThrow(InputNotFoundError);
    await expect(store.put(ref, Buffer.from('a'))).rejects.toThrow('bucket "other"');
  });

  it('tells a bucket whose directory is missing from an empty one', async () => {
    expect(await keysUnder('')).toEqual([]);
    await rm(root, { recursive: true });
    await expect(keysUnder('')).rejects.toThrow(InputNotFoundError);
  });

  it('makes the directory of a bucket with its first object', async () => {
    await rm(root, { recursive: true });
    await store.put(refTo('a/b'), Buffer.from('content'));
    expect(await readFile(join(root, 'a/b'), 'utf8')).toBe('content');
  });

  describe('refuses a key', () => {
    it.each([
      { what: 'that is empty', key: '' },
      { what: 'that is absolute', key: '/etc/passwd' },
      { what: 'that leaves the root', key: '../outside' },
      { what: 'that leaves the root further down', key: 'a/../../outside' },
      { what: 'that comes back', key: 'a/../b' },
      { what: 'with a dot segment', key: './a' },
      { what: 'that is a dot', key: '.' },
      { what: 'with an empty segment', key: 'a//b' },
      { what: 'that ends with a slash', key: 'a/' },
      { what: 'with a backslash', key: '..\\outside' },
      { what: 'with a NUL', key: 'a\0b' },
      { what: 'with a lone surrogate', key: 'a\ud800' },
      { what: 'with a segment of 256 bytes', key: `a/${'é'.repeat(128)}` },
      { what: 'that an unfinished write could have', key: `a/${UNFINISHED}` },
    ])('$what', async ({ key }) => {
      await writeFile(join(parent, 'outside'), 'secret');
      const calls = [
        () => store.head(refTo(key)),
        () => readText(store, refTo(key)),
        () => store.put(refTo(key), Buffer.from('content')),
        async () => store.createWriter(refTo(key)),
        () => store.delete([refTo(key)]),
      ];
      for (const call of calls) await expect(call()).rejects.toThrow(InvalidInputError);
      expect(await readdir(root)).toEqual([]);
      expect(await readFile(join(parent, 'outside'), 'utf8')).toBe('secret');
    });

    it('but not for a segment of 255 bytes', async () => {
      const key = `a/${'é'.repeat(127)}x`;
      await store.put(refTo(key), Buffer.from('content'));
      expect(await keysUnder('')).toEqual([key]);
    });

    it.each(['../', '/etc/', 'a/../b/', 'a//', './'])('in the prefix %s of a listing', async (prefix) => {
      await expect(keysUnder(prefix)).rejects.toThrow(InvalidInputError);
    });
  });

  describe('accepts regular files only:', () => {
    const expectUnsupported = async (ref: ObjectRef, message: string, of: ObjectStore = store) => {
      for (const call of [() => of.head(ref), () => readText(of, ref)]) {
        await expect(call()).rejects.toThrow(UnsupportedInputError);
        await expect(call()).rejects.toThrow(message);
      }
    };

    it('not a directory', async () => {
      await mkdir(join(root, 'folder'));
      await expectUnsupported(refTo('folder'), 'expected a regular file, got a directory');
    });

    it('not a FIFO that nobody writes to', async () => {
      execFileSync('mkfifo', [join(root, 'pipe')]);
      await expectUnsupported(refTo('pipe'), 'expected a regular file, got a FIFO');
      expect(await keysUnder('')).toEqual([]);
    });

    it('not a socket', async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(join(root, 'socket'), resolve));
      await expectUnsupported(refTo('socket'), 'expected a regular file, got a socket');
      await new Promise((resolve) => server.close(resolve));
    });

    it.each(['zero', 'null', 'tty'])('not /dev/%s', async (name) => {
      const devices = createDirectoryStore(new Map([['devices', '/dev']]));
      await expectUnsupported(
        { bucket: 'devices', objectKey: name },
        'expected a regular file, got',
        devices,
      );
    });

    it('not a loop of symbolic links', async () => {
      await symlink('loop', join(root, 'loop'));
      await expectUnsupported(refTo('loop'), 'got a loop of symbolic links');
      expect(await keysUnder('')).toEqual([]);
    });
  });

  it('does not find an object below another one', async () => {
    await store.put(refTo('a'), Buffer.from('file'));
    await expect(store.head(refTo('a/b'))).rejects.toThrow(InputNotFoundError);
    await store.delete([refTo('a/b')]);
    expect(await keysUnder('a/')).toEqual([]);
    expect(await keysUnder('')).toEqual(['a']);
  });

  describe('with ifMatch notices that a file', () => {
    it.each([
      { what: 'has grown', change: (path: string) => appendFile(path, 'more') },
      {
        what: 'was overwritten in place',
        change: (path: string) => writeFile(path, Buffer.alloc(3 * READ_BYTES, 'b')),
      },
      { what: 'was cut', change: (path: string) => truncate(path, READ_BYTES) },
    ])('$what while it was read', async ({ change }) => {
      const ref = refTo('file');
      await store.put(ref, Buffer.alloc(3 * READ_BYTES, 'a'));
      const { etag } = await store.head(ref);
      const read = async () => {
        let isChanged = false;
        for await (const piece of store.read(ref, { ifMatch: etag })) {
          expect(piece.length).toBe(READ_BYTES);
          if (!isChanged) await change(store.uri(ref));
          isChanged = true;
        }
      };
      await expect(read()).rejects.toThrow(InputChangedError);
      expect(await countOpenFiles(root)).toBe(0);
    });
  });

  it('fails where a file was cut while it was read, without ifMatch too', async () => {
    const ref = refTo('file');
    await store.put(ref, Buffer.alloc(3 * READ_BYTES));
    const read = async () => {
      for await (const piece of store.read(ref)) await truncate(store.uri(ref), piece.length);
    };
    await expect(read()).rejects.toThrow(`expected at least ${3 * READ_BYTES} bytes, got ${READ_BYTES}`);
  });

  it.each<[string, (ref: ObjectRef) => Promise<unknown>]>([
    ['replaced', (ref) => store.put(ref, Buffer.from('new'))],
    ['deleted', (ref) => store.delete([ref])],
  ])('fails, when it was pinned, where the object is %s meanwhile', async (_, change) => {
    const ref = refTo('file');
    await store.put(ref, Buffer.alloc(2 * READ_BYTES, 'a'));
    const { etag } = await store.head(ref);
    const read = async () => {
      for await (const piece of store.read(ref, { ifMatch: etag })) {
        expect(piece.every((byte) => byte === 0x61)).toBe(true);
        await change(ref);
      }
    };
    await expect(read()).rejects.toMatchObject({
      name: expect.stringMatching(/InputChangedError|InputNotFoundError/),
    });
  });

  it('reads into what is lent to it', async () => {
    await store.put(
      refTo('file'),
      Buffer.concat([Buffer.alloc(READ_BYTES, 'a'), Buffer.alloc(READ_BYTES, 'b'), Buffer.from('c')]),
    );
    const lent: Uint8Array[] = [];
    const lend = () => {
      lent.push(Buffer.alloc(READ_BYTES + lent.length));
      return lent.at(-1) as Uint8Array;
    };
    let text = '';
    for await (const piece of store.read(refTo('file'), { lend })) {
      expect(piece.buffer).toBe(lent.at(-1)?.buffer);
      text += Buffer.from(piece).toString();
    }
    expect(text).toBe(`${'a'.repeat(READ_BYTES)}${'b'.repeat(READ_BYTES)}c`);
    expect(lent).toHaveLength(2);
  });

  it('gives every piece a buffer of its own', async () => {
    await store.put(refTo('file'), Buffer.alloc(3 * READ_BYTES));
    const buffers = new Set<ArrayBufferLike>();
    for await (const piece of store.read(refTo('file'))) buffers.add(piece.buffer);
    expect(buffers.size).toBe(3);
  });

  it('lets timers and signals through, however many calls come one after another', async () => {
    await store.put(refTo('file'), Buffer.from('content'));
    let isThrough = false;
    setImmediate(() => {
      isThrough = true;
    });
    for (let call = 0; call < 1_000_000 && !isThrough; call++) await store.head(refTo('file'));
    expect(isThrough).toBe(true);
  });

  describe('an unfinished write', () => {
    it('is a hidden file that no listing shows, which is all that a killed process leaves', async () => {
      const writer = store.createWriter(refTo('a/object'));
      await writer.write(Buffer.from('half'));
      const [name = '', ...others] = await readdir(join(root, 'a'));
      expect(name).toMatch(/^\.unfinished-[0-9a-f]{16}$/);
      expect(others).toEqual([]);
      expect(await keysUnder('')).toEqual([]);
      await writer.abort();
      expect(await readdir(root)).toEqual([]);
    });

    it('left by a killed process is in nobody’s way', async () => {
      await mkdir(join(root, 'a'));
      await writeFile(join(root, 'a', UNFINISHED), 'half');
      expect(await store.put(refTo('a/object'), Buffer.from('whole'), { ifNoneMatch: true })).toBe(true);
      expect(await keysUnder('')).toEqual(['a/object']);
    });

    it('is removed where its object cannot be made', async () => {
      await store.put(refTo('a/b'), Buffer.from('content'));
      await expect(store.put(refTo('a'), Buffer.from('content'))).rejects.toThrow(`${join(root, 'a')}: `);
      await expect(store.put(refTo('a/b/c'), Buffer.from('content'))).rejects.toThrow('expected a directory');
      expect(await readdir(root)).toEqual(['a']);
      expect(await readdir(join(root, 'a'))).toEqual(['b']);
    });
  });

  describe('symbolic links', () => {
    beforeEach(async () => {
      await mkdir(join(parent, 'elsewhere'));
      await writeFile(join(parent, 'elsewhere/file'), 'elsewhere');
    });

    it('are followed by a read, and listed where they lead to a file', async () => {
      await symlink(join(parent, 'elsewhere/file'), join(root, 'link'));
      await symlink(join(parent, 'elsewhere'), join(root, 'folder'));
      await symlink(join(parent, 'missing'), join(root, 'dangling'));
      expect(await readText(store, refTo('link'))).toBe('elsewhere');
      expect(await readText(store, refTo('folder/file'))).toBe('elsewhere');
      expect(await keysUnder('')).toEqual(['link']);
    });

    it('are replaced by a write', async () => {
      await symlink(join(parent, 'elsewhere/file'), join(root, 'link'));
      await store.put(refTo('link'), Buffer.from('here'));
      expect(await readFile(join(parent, 'elsewhere/file'), 'utf8')).toBe('elsewhere');
      expect(await readText(store, refTo('link'))).toBe('here');
    });

    it('lead no write out of the root', async () => {
      await symlink(join(parent, 'elsewhere'), join(root, 'folder'));
      for (const key of ['folder/new', 'folder/deep/new']) {
        await expect(store.put(refTo(key), Buffer.from('content'))).rejects.toThrow(InvalidInputError);
      }
      expect(await readdir(join(parent, 'elsewhere'))).toEqual(['file']);
    });

    it('may lead a write elsewhere in the root', async () => {
      await mkdir(join(root, 'real'));
      await symlink('real', join(root, 'folder'));
      await store.put(refTo('folder/new'), Buffer.from('content'));
      expect(await readText(store, refTo('real/new'))).toBe('content');
    });

    it('may be the root', async () => {
      await symlink(root, join(parent, 'link'));
      const linked = createDirectoryStore(new Map([['bucket', join(parent, 'link/')]]));
      await linked.put(refTo('a/b'), Buffer.from('content'));
      expect(await readText(store, refTo('a/b'))).toBe('content');
    });
  });

  it('refuses to list a file name that is not UTF-8, as no key names it', async () => {
    await writeFile(Buffer.concat([Buffer.from(`${root}/bad-`), Buffer.of(0xff)]), 'content');
    await expect(keysUnder('')).rejects.toThrow(UnsupportedInputError);
  });

  describe('delete', () => {
    it('prunes the directories that it leaves empty, but not the root', async () => {
      await store.put(refTo('a/b/c/1'), Buffer.from('1'));
      await store.put(refTo('a/2'), Buffer.from('2'));
      await store.delete([refTo('a/b/c/1')]);
      expect(await readdir(root, { recursive: true })).toEqual(['a', 'a/2']);
      await store.delete([refTo('a/2')]);
      expect(await readdir(root)).toEqual([]);
    });

    it('takes no directory from under a put beside it', async () => {
      for (let round = 0; round < 30; round++) {
        const old = refTo(`deep/folder/old-${round}`);
        await store.put(old, Buffer.from('old'));
        const put = () => store.put(refTo(`deep/folder/new-${round}`), Buffer.from('new'));
        const [, isPut] = await Promise.all([store.delete([old]), put()]);
        expect(isPut).toBe(true);
        expect(await keysUnder('')).toEqual([`deep/folder/new-${round}`]);
        await store.delete([refTo(`deep/folder/new-${round}`)]);
      }
    });
  });
});

/** Only Linux shows a process its open files. */
async function countOpenFiles(root: string): Promise<number> {
  if (process.platform !== 'linux') return 0;
  const descriptors = await readdir('/proc/self/fd');
  const targets = await Promise.all(descriptors.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
  return targets.filter((target) => target.startsWith(root)).length;
}
