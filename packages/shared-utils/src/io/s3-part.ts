import type { Readable } from 'node:stream';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { isPipelineError, StoreUnavailableError } from '../domain/errors';
import { acceptAnswer, type PartProgress, type S3Source } from './s3-answer';
import type { S3Settings } from './s3-connection';
import { required, toStoreError } from './s3-errors';
import { attemptRepeatedly } from './s3-retry';

/** Without an `end`, the beginning of an object whose size is not known yet. */
export interface PartRange {
  readonly start: number;
  readonly end?: number;
}

export interface FetchedPart {
  readonly chunks: readonly Uint8Array[];
  /** Of the object, where the range had no end. */
  readonly size: number;
}

/**
 * All bytes of a part, or an error: never fewer, never those of another object. A body that breaks is
 * resumed where it broke; but without an `end` it is begun anew, since only the whole has a checksum.
 */
export async function fetchPart(
  source: S3Source,
  range: PartRange,
  signal: AbortSignal,
): Promise<FetchedPart> {
  const begin = (): PartProgress => ({
    at: range.start,
    end: range.end,
    size: range.end ?? 0,
    chunks: [],
    isWrong: false,
  });
  let progress = begin();
  const attempt = () => {
    if (range.end === undefined || progress.isWrong) progress = begin();
    return fetchRest(source, progress, signal);
  };
  await attemptRepeatedly(attempt, source.connection.settings, signal);
  return progress;
}

/** One request. @throws StoreUnavailableError where another one for what is left may succeed */
async function fetchRest(source: S3Source, progress: PartProgress, signal: AbortSignal): Promise<void> {
  const { connection, call } = source;
  const { client, settings } = connection;
  const stalled = new AbortController();
  const watchdog = startWatchdog(settings, () => stalled.abort());
  let body: Readable | undefined;
  try {
    const options = { abortSignal: AbortSignal.any([stalled.signal, signal]) };
    const answer = await client.send(commandFor(source, progress), options);
    body = answer.Body as Readable | undefined;
    const length = acceptAnswer(answer, source, progress);
    await collect(required(body, call, 'a body'), length, progress, watchdog.restart);
  } catch (error) {
    if (isPipelineError(error)) throw error;
    if (body === undefined && !stalled.signal.aborted) throw toStoreError(error, call);
    throw describeBreak(source, progress, stalled.signal.aborted, error as Error);
  } finally {
    watchdog.stop();
    // An unread body would hold its socket for ever.
    body?.destroy();
  }
}

function commandFor({ target, etag }: S3Source, { at, end }: PartProgress): GetObjectCommand {
  const Range = end === undefined ? undefined : `bytes=${at}-${end - 1}`;
  return new GetObjectCommand({ ...target, Range, IfMatch: etag });
}

/** Takes what is wanted of a body; of a large object that was asked for whole, that is its first part. */
async function collect(
  body: Readable,
  length: number,
  progress: PartProgress,
  onChunk: () => void,
): Promise<void> {
  const end = progress.end as number;
  let received = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    onChunk();
    received += chunk.length;
    if (received > length) throw new Error('it is longer than its Content-Length');
    const wanted = chunk.subarray(0, end - progress.at);
    progress.chunks.push(wanted);
    progress.at += wanted.length;
    if (progress.at === end && length > end) return;
  }
  if (progress.at < end) throw new Error('it ended early');
}

function describeBreak(
  { connection, call }: S3Source,
  progress: PartProgress,
  hasStalled: boolean,
  error: Error,
): StoreUnavailableError {
  // The SDK has no class for it. It is known at the end only, when nothing of the body can be trusted.
  progress.isWrong = progress.at === progress.end || /checksum/i.test(error.message);
  const cause = hasStalled ? new Error(`no byte for ${connection.settings.idleTimeoutMs} ms`) : error;
  const place = `byte ${progress.at} of ${progress.end ?? 'an unknown number'}`;
  return new StoreUnavailableError(
    `${call.where}: the body broke at ${place} (${cause.message}); try again later`,
    { cause },
  );
}

function startWatchdog({ time, idleTimeoutMs }: S3Settings, bark: () => void) {
  let stop = time.setTimer(idleTimeoutMs, bark);
  return {
    stop: () => stop(),
    restart: () => {
      stop();
      stop = time.setTimer(idleTimeoutMs, bark);
    },
  };
}
