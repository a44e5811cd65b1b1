import type { ByteRange, ObjectRef, ReadOptions } from './object-store';
import type { S3Source } from './s3-answer';
import { type S3Connection, targetOf } from './s3-connection';
import type { S3Call } from './s3-errors';
import { type FetchedPart, fetchPart } from './s3-part';

/**
 * The bytes of an object in order. A large range is read in parts, several of them at once: one stream of S3
 * gives about 10 MiB/s, which is a seventh of what a function can take. What has been fetched and not yet
 * consumed is never more than `partsInFlight` parts; a consumer that stops cancels what is on its way.
 */
export async function* readS3Object(
  connection: S3Connection,
  ref: ObjectRef,
  { range, ifMatch, versionId }: ReadOptions,
  call: S3Call,
): AsyncGenerator<Uint8Array> {
  if (range !== undefined && range.end <= range.start) return;
  const target = { ...targetOf(ref), VersionId: versionId };
  const source: S3Source = { connection, target, call, etag: ifMatch };
  const stop = new AbortController();
  try {
    if (range !== undefined) {
      yield* readParts(source, range, stop.signal);
      return;
    }
    // Most objects read whole are small: one request, and the checksum of the whole.
    const { chunks, size } = await fetchPart(source, { start: 0 }, stop.signal);
    yield* chunks;
    yield* readParts(source, { start: connection.settings.partBytes, end: size }, stop.signal);
  } finally {
    stop.abort();
  }
}

async function* readParts(
  source: S3Source,
  { start, end }: ByteRange,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { partBytes, partsInFlight } = source.connection.settings;
  const ahead: Promise<FetchedPart>[] = [];
  for (let next = start; ; ) {
    for (; next < end && ahead.length < partsInFlight; next += partBytes) {
      const part = fetchPart(source, { start: next, end: Math.min(next + partBytes, end) }, signal);
      // Whoever awaits it hears of its failure; until then it is not an unhandled one.
      part.catch(() => {});
      ahead.push(part);
    }
    const [first] = ahead;
    if (first === undefined) return;
    yield* (await first).chunks;
    ahead.shift();
  }
}
