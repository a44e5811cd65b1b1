import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { CorruptInputError, type ObjectStore, quote } from '@mapreduce/shared-utils';
import { parseCsvRow } from './csv-row';
import type { FoundObject } from './found-object';
import type { InventoryFile } from './inventory-manifest';
import type { RowReader } from './inventory-row';

/** Gunzip is faster by half with pieces of this size than with its 16 KiB. */
const CHUNK_BYTES = 1024 * 1024;

/** A key has at most 1,024 bytes, thrice that encoded; an access control list in base64 is longer. */
const MAX_ROW_CHARACTERS = 1024 * 1024;

/**
 * What is wanted of one file. Nothing of it counts unless all of it is as the manifest says: any error fails
 * the run.
 * @throws CorruptInputError, InputNotFoundError
 */
export async function readInventoryFile(
  store: ObjectStore,
  file: InventoryFile,
  readRow: RowReader,
): Promise<FoundObject[]> {
  const where = store.uri(file);
  const found: FoundObject[] = [];
  const stored = digestWhileRead(store.read(file));
  const collect = async (pieces: AsyncIterable<Uint8Array>) => {
    let row = 0;
    for await (const lines of cutLines(where, pieces)) {
      for (const line of lines) {
        const object = readLine(`${where}: row ${++row}`, line, readRow);
        if (object !== null) found.push(object);
      }
    }
  };
  try {
    await pipeline(stored.pieces, createGunzip({ chunkSize: CHUNK_BYTES }), collect);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (!code?.startsWith('Z_')) throw cause;
    throw new CorruptInputError(
      `${where}: expected complete gzip data, got "${message}"; take another inventory`,
      { cause },
    );
  }
  requireSame(where, file, stored.digest());
  return found;
}

function digestWhileRead(source: AsyncIterable<Uint8Array>) {
  const hash = createHash('md5');
  let size = 0;
  async function* read() {
    for await (const piece of source) {
      hash.update(piece);
      size += piece.length;
      yield piece;
    }
  }
  return { pieces: read(), digest: () => ({ size, md5: hash.digest('hex') }) };
}

async function* cutLines(where: string, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of pieces) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_ROW_CHARACTERS) {
      throw new CorruptInputError(
        `${where}: expected rows of at most ${MAX_ROW_CHARACTERS} characters, got a longer one; take another inventory`,
      );
    }
    yield lines;
  }
  if (rest !== '') yield [rest];
}

function readLine(place: string, line: string, readRow: RowReader): FoundObject | null {
  const fields = parseCsvRow(line.endsWith('\r') ? line.slice(0, -1) : line);
  if (fields === null) {
    throw new CorruptInputError(
      `${place}: expected a CSV record, got ${quote(line)}; take another inventory`,
    );
  }
  try {
    return readRow(fields);
  } catch (cause) {
    throw new CorruptInputError(`${place}: ${(cause as Error).message}`, { cause });
  }
}

function requireSame(
  where: string,
  { size, md5 }: InventoryFile,
  actual: { readonly size: number; readonly md5: string },
): void {
  if (actual.size === size && actual.md5 === md5) return;
  throw new CorruptInputError(
    `${where}: expected ${size} bytes with MD5 ${md5}, got ${actual.size} with ${actual.md5}; take another inventory`,
  );
}
