import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ScratchSpaceError } from '../domain/errors';
import { escapeUnprintable } from '../domain/quote';

/** Room on the local disk for what one task cannot hold in memory: a port beside `ObjectStore`. */
export interface Scratch {
  /** An empty file of the caller's own. @throws ScratchSpaceError */
  createFile(): Promise<ScratchFile>;
}

export interface ScratchFile {
  /** Keeps nothing of `bytes`. @throws ScratchSpaceError where there is no room */
  append(bytes: Uint8Array): Promise<void>;
  /** Fills `buffer` from its start; returns the number of bytes, fewer only at the end of the file. */
  read(buffer: Uint8Array, position: number): Promise<number>;
  /** Gives the room back; nothing is left of the file. */
  close(): Promise<void>;
}

/**
 * Files in a directory, which is made when the first is wanted. They lose their names as they are opened, so
 * that a process that is killed leaves none behind. `advice` says what to do where there is no room.
 */
export function createDirectoryScratch(directory: string, advice: string): Scratch {
  const fail = (wanted: string) => (cause: unknown) => {
    const got = escapeUnprintable((cause as Error).message);
    throw new ScratchSpaceError(
      `${escapeUnprintable(directory)}: expected ${wanted}, got ${got}; ${advice}`,
      { cause },
    );
  };
  return {
    createFile: () => openNameless(directory).then(createFile(fail), fail('a directory for sorted runs')),
  };
}

function createFile(fail: (wanted: string) => (cause: unknown) => never) {
  return (handle: FileHandle): ScratchFile => {
    let size = 0;
    return {
      async append(bytes) {
        await writeAll(handle, bytes).catch(fail(`room for ${size + bytes.length} bytes of a sorted run`));
        size += bytes.length;
      },
      async read(buffer, position) {
        let filled = 0;
        while (filled < buffer.length) {
          const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, position + filled);
          if (bytesRead === 0) break;
          filled += bytesRead;
        }
        return filled;
      },
      close: () => handle.close(),
    };
  };
}

async function openNameless(directory: string): Promise<FileHandle> {
  await mkdir(directory, { recursive: true });
  const path = join(directory, `.run-${randomBytes(8).toString('hex')}`);
  const handle = await open(path, 'wx+');
  try {
    await unlink(path);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    at += (await handle.write(bytes, at, bytes.length - at)).bytesWritten;
  }
}
