import { type ObjectStore, readInto, readWritten, type Segment } from '@mapreduce/shared-utils';

/** The most that is read in one request. */
const PIECE_BYTES = 1024 * 1024;

/** Segments are smaller than this where splits and partitions are many. */
const SMALL_PIECE_BYTES = 64 * 1024;

/** Six large pieces at a time, or many small ones: most of the time that these take is the wait for an answer. */
const BYTES_IN_FLIGHT = 6 * PIECE_BYTES;
const REQUESTS_IN_FLIGHT = 32;

/** For the next partition of this thread: memory that is given back as garbage takes long to be free. */
const spareBuffers = new Map<number, Uint8Array[]>([
  [PIECE_BYTES, []],
  [SMALL_PIECE_BYTES, []],
]);

export interface SegmentPiece {
  readonly segment: Segment;
  /** Overwritten when the next piece is asked for. */
  readonly bytes: Uint8Array;
  readonly isLast: boolean;
}

interface Request {
  readonly segment: Segment;
  readonly start: number;
  readonly end: number;
}

interface Reading {
  readonly request: Request;
  readonly buffer: Uint8Array;
  readonly bytes: Promise<Uint8Array>;
}

/**
 * The bytes of segments of any size, in order and in pieces, some of which are on their way already.
 * @throws CorruptRunError where one is missing or cut short
 */
export async function* readSegments(
  store: ObjectStore,
  bucket: string,
  segments: AsyncIterable<Segment>,
): AsyncGenerator<SegmentPiece> {
  const inFlight: Reading[] = [];
  let bytesInFlight = 0;
  const begin = (request: Request) => {
    const { segment, start, end } = request;
    const buffer = takeBuffer(end - start);
    const ref = { bucket, objectKey: segment.key };
    const bytes = readWritten(store, ref, () => readInto(store, ref, { start, end }, buffer));
    // Whoever awaits it hears of its failure; until then it is not an unhandled one.
    bytes.catch(() => undefined);
    inFlight.push({ request, buffer, bytes });
    bytesInFlight += buffer.length;
  };
  const next = async function* ({ request: { segment, end }, buffer, bytes }: Reading) {
    yield { segment, bytes: await bytes, isLast: end === segment.offset + segment.length };
    bytesInFlight -= buffer.length;
    spareBuffers.get(buffer.length)?.push(buffer);
  };
  try {
    for await (const request of requestsOf(segments)) {
      begin(request);
      while (bytesInFlight >= BYTES_IN_FLIGHT || inFlight.length >= REQUESTS_IN_FLIGHT) {
        yield* next(inFlight.shift() as Reading);
      }
    }
    for (let first = inFlight.shift(); first !== undefined; first = inFlight.shift()) yield* next(first);
  } finally {
    await Promise.allSettled(inFlight.map(({ bytes }) => bytes));
  }
}

function takeBuffer(bytes: number): Uint8Array {
  const size = bytes <= SMALL_PIECE_BYTES ? SMALL_PIECE_BYTES : PIECE_BYTES;
  return spareBuffers.get(size)?.pop() ?? Buffer.allocUnsafeSlow(size);
}

async function* requestsOf(segments: AsyncIterable<Segment>): AsyncGenerator<Request> {
  for await (const segment of segments) {
    const end = segment.offset + segment.length;
    for (let start = segment.offset; start < end; start += PIECE_BYTES) {
      yield { segment, start, end: Math.min(start + PIECE_BYTES, end) };
    }
  }
}
