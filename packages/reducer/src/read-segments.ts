import { type ObjectRef, type ObjectStore, readInto, type Segment } from '@mapreduce/shared-utils';

/** Read in one request: memory in use is this times the requests in flight. */
const PIECE_BYTES = 1024 * 1024;
const REQUESTS_IN_FLIGHT = 6;

/** For the next partition of this thread: memory that is given back as garbage takes long to be free. */
const spareBuffers: Uint8Array[] = [];

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

/** The bytes of segments of any size, in order and in pieces, some of which are on their way already. */
export async function* readSegments(
  store: ObjectStore,
  bucket: string,
  segments: AsyncIterable<Segment>,
): AsyncGenerator<SegmentPiece> {
  const read = async ({ segment, start, end }: Request) => {
    const ref: ObjectRef = { bucket, objectKey: segment.key };
    const buffer = spareBuffers.pop() ?? Buffer.allocUnsafeSlow(PIECE_BYTES);
    return { segment, buffer, bytes: await readInto(store, ref, { start, end }, buffer), end };
  };
  const inFlight: ReturnType<typeof read>[] = [];
  const next = async function* () {
    const { segment, buffer, bytes, end } = await (inFlight.shift() as ReturnType<typeof read>);
    yield { segment, bytes, isLast: end === segment.offset + segment.length };
    if (spareBuffers.length < REQUESTS_IN_FLIGHT) spareBuffers.push(buffer);
  };
  try {
    for await (const request of requestsOf(segments)) {
      inFlight.push(read(request));
      // Whoever awaits it hears of its failure; until then it is not an unhandled one.
      inFlight.at(-1)?.catch(() => undefined);
      if (inFlight.length === REQUESTS_IN_FLIGHT) yield* next();
    }
    while (inFlight.length > 0) yield* next();
  } finally {
    await Promise.allSettled(inFlight);
  }
}

async function* requestsOf(segments: AsyncIterable<Segment>): AsyncGenerator<Request> {
  for await (const segment of segments) {
    const end = segment.offset + segment.length;
    for (let start = segment.offset; start < end; start += PIECE_BYTES) {
      yield { segment, start, end: Math.min(start + PIECE_BYTES, end) };
    }
  }
}
