import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { decodeRows } from '@mapreduce/kernel';
import {
  CorruptRunError,
  decodeSegment,
  decodeSegmentHeader,
  decodeWtf8,
  InputNotFoundError,
  SEGMENT_HEADER_BYTES,
} from '@mapreduce/shared-utils';

interface ShuffleRow {
  readonly partition: number;
  readonly url: string;
  readonly count: number;
}

/** Prints a shuffle object as JSONL, a row a line. */
export async function inspect(file: string, signal: AbortSignal): Promise<void> {
  const lines = async function* () {
    for await (const row of readShuffleObject(file)) yield `${JSON.stringify(row)}\n`;
  };
  await pipeline(Readable.from(lines()), process.stdout, { signal, end: false });
}

/**
 * The rows of a shuffle object, segment by segment, each checked before any of it is given.
 * @throws CorruptRunError where it is not one, or is damaged; InputNotFoundError
 */
async function* readShuffleObject(file: string): AsyncGenerator<ShuffleRow> {
  const handle = await openFile(file);
  try {
    const { size } = await handle.stat();
    for (let at = 0; at < size; ) {
      const where = `${file}: segment at byte ${at}`;
      const header = decodeSegmentHeader(
        where,
        await read(handle, at, Math.min(SEGMENT_HEADER_BYTES, size - at)),
      );
      const end = at + SEGMENT_HEADER_BYTES + header.rowsLength;
      if (end > size)
        throw new CorruptRunError(`${where}: expected it to end at byte ${end}, got a file of ${size}`);
      const rows = decodeSegment(where, await read(handle, at, end - at), header);
      for (const { bytes, count } of decodeRows(rows)) {
        yield { partition: header.partition, url: decodeWtf8(bytes), count };
      }
      at = end;
    }
  } finally {
    await handle.close();
  }
}

async function openFile(file: string): Promise<FileHandle> {
  try {
    return await open(file);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new InputNotFoundError(
      `${file}: expected a shuffle object, got none (${code ?? message}); check the path`,
      { cause },
    );
  }
}

async function read(handle: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
