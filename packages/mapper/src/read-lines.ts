import {
  type InputRange,
  type ObjectStore,
  SNIFF_BYTES,
  sniffCompression,
  UnsupportedInputError,
} from '@mapreduce/shared-utils';
import { decompress } from './decompress';
import { ownedLines, type Piece } from './owned-lines';

export interface ReadLinesOptions {
  readonly maxDecompressedBytes: number | null;
  readonly onBytesRead?: (bytes: number) => void;
}

/**
 * The lines of a range in pieces, read from the very object that was planned.
 * @throws InputChangedError, InputNotFoundError, CorruptInputError, UnsupportedInputError, StoreUnavailableError
 */
export function readLines(
  store: ObjectStore,
  range: InputRange,
  { maxDecompressedBytes, onBytesRead }: ReadLinesOptions,
): AsyncIterable<Piece> {
  const ref = { bucket: range.bucket, objectKey: range.key };
  const read = (bytes: { start: number; end: number }) =>
    metered(
      store.read(ref, {
        range: bytes,
        ifMatch: range.etag,
        mayReuseBuffer: true,
        ...(range.versionId === undefined ? {} : { versionId: range.versionId }),
      }),
      onBytesRead,
    );
  if (range.compression === 'none') return ownedLines(read, range);
  const where = store.uri(ref);
  const { compression } = range;
  return pieces(
    where,
    decompress(read({ start: 0, end: range.size }), { where, compression, maxBytes: maxDecompressedBytes }),
  );
}

async function* metered(
  source: AsyncIterable<Uint8Array>,
  onBytesRead: ((bytes: number) => void) | undefined,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    onBytesRead?.(chunk.length);
    yield chunk;
  }
}

async function* pieces(where: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Piece> {
  let offset = 0;
  for await (const bytes of chunks) {
    if (offset === 0) requirePlain(where, bytes);
    yield { offset, bytes };
    offset += bytes.length;
  }
}

/** A first chunk shorter than a signature can only let a file of a few bytes through, whose lines are bad anyway. */
function requirePlain(where: string, head: Uint8Array): void {
  const inner = sniffCompression(where, head.subarray(0, SNIFF_BYTES));
  if (inner === 'none') return;
  throw new UnsupportedInputError(
    `${where}: expected JSONL inside, got ${inner} data; it was compressed twice`,
  );
}
