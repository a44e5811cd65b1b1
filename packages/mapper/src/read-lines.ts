import {
  type ByteRange,
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
  /** Room for the next bytes of plain lines, as in `ReadOptions`. */
  readonly lend?: () => Uint8Array;
}

/** Of compressed bytes, read at a time. */
const BUFFER_BYTES = 256 * 1024;

/**
 * The lines of a range in pieces, read from the very object that was planned.
 * @throws InputChangedError, InputNotFoundError, CorruptInputError, UnsupportedInputError, StoreUnavailableError
 */
export function readLines(
  store: ObjectStore,
  range: InputRange,
  { maxDecompressedBytes, onBytesRead, lend }: ReadLinesOptions,
): AsyncIterable<Piece> {
  const ref = { bucket: range.bucket, objectKey: range.key };
  const read = (bytes: ByteRange, lendRoom: (() => Uint8Array) | undefined) =>
    metered(
      store.read(ref, {
        range: bytes,
        ifMatch: range.etag,
        ...(lendRoom === undefined ? {} : { lend: lendRoom }),
        ...(range.versionId === undefined ? {} : { versionId: range.versionId }),
      }),
      onBytesRead,
    );
  if (range.compression === 'none') return ownedLines((bytes) => read(bytes, lend), range);
  const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  const compressed = read({ start: 0, end: range.size }, () => buffer);
  const where = store.uri(ref);
  const { compression } = range;
  return pieces(where, decompress(compressed, { where, compression, maxBytes: maxDecompressedBytes }));
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
