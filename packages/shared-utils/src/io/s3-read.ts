import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import {
  GetObjectCommand,
  type GetObjectCommandInput,
  type GetObjectCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { InputChangedError, isPipelineError, StoreUnavailableError } from '../domain/errors';
import type { ObjectRef, ReadOptions } from './object-store';
import { required, type S3Call, toStoreError } from './s3-errors';

/** Broken bodies of one read that are resumed; the SDK retries only until a body begins. */
const MAX_RESUMES = 5;

export interface S3ReadSettings {
  /** A request or a body that gives no byte for this long is broken. */
  readonly idleTimeoutMs: number;
  /** Mean pause before the first resumption; it doubles for each further one. */
  readonly retryDelayMs: number;
}

/** How far a read has come: the bytes `[at, end)` of the object with this etag are still to be read. */
interface Progress {
  at: number;
  /** Unknown until the first answer where no range was asked for. */
  end: number | undefined;
  etag: string | undefined;
}

/** The bytes of an object in order; a body that breaks is resumed where it broke, of the same object. */
export async function* readS3Object(
  client: S3Client,
  { bucket, objectKey }: ObjectRef,
  { range, ifMatch, versionId }: ReadOptions,
  call: S3Call,
  settings: S3ReadSettings,
): AsyncGenerator<Uint8Array> {
  if (range !== undefined && range.end <= range.start) return;
  const target = { Bucket: bucket, Key: objectKey, VersionId: versionId };
  const progress: Progress = { at: range?.start ?? 0, end: range?.end, etag: ifMatch };
  for (let resumes = 0; ; resumes++) {
    const broken = yield* readBody(client, target, progress, call, settings);
    if (broken === null) return;
    const place = `${call.where}: the body broke at byte ${progress.at} of ${progress.end ?? 'an unknown number'}`;
    if (resumes === MAX_RESUMES || progress.at === progress.end) {
      throw new StoreUnavailableError(`${place} (${broken.message}); try again later`, { cause: broken });
    }
    await delay(settings.retryDelayMs * 2 ** resumes * 2 * Math.random());
  }
}

/** One request. Returns what broke its body, or null after its last byte; throws what the SDK gave up on. */
async function* readBody(
  client: S3Client,
  target: GetObjectCommandInput,
  progress: Progress,
  call: S3Call,
  { idleTimeoutMs }: S3ReadSettings,
): AsyncGenerator<Uint8Array, Error | null> {
  const abort = new AbortController();
  const stalled = new Error(`no byte for ${idleTimeoutMs} ms`);
  const watchdog = startWatchdog(idleTimeoutMs, () => abort.abort(stalled));
  let body: Readable | undefined;
  try {
    const answer = await client
      .send(new GetObjectCommand(restOf(target, progress)), { abortSignal: abort.signal })
      .catch((error) => {
        throw abort.signal.aborted ? error : toStoreError(error, call);
      });
    body = answer.Body as Readable;
    acceptAnswer(answer, progress, call);
    watchdog.restart();
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      // A consumer may take its time: only the waiting for the other side counts.
      watchdog.stop();
      progress.at += chunk.length;
      yield chunk;
      watchdog.restart();
    }
    return progress.at === progress.end ? null : new Error('it ended early');
  } catch (error) {
    if (isPipelineError(error)) throw error;
    return abort.signal.aborted ? stalled : (error as Error);
  } finally {
    watchdog.stop();
    // An unread body would hold its socket for ever.
    body?.destroy();
  }
}

function restOf(target: GetObjectCommandInput, { at, end, etag }: Progress): GetObjectCommandInput {
  return { ...target, Range: end === undefined ? undefined : `bytes=${at}-${end - 1}`, IfMatch: etag };
}

/** From the first answer on, the length and the etag are settled. */
function acceptAnswer(answer: GetObjectCommandOutput, progress: Progress, call: S3Call): void {
  const length = required(answer.ContentLength, call, 'a Content-Length');
  progress.etag ??= required(answer.ETag, call, 'an ETag');
  progress.end ??= length;
  const expected = progress.end - progress.at;
  if (length === expected) return;
  throw new InputChangedError(
    `${call.where}: expected ${expected} bytes from byte ${progress.at} on, got ${length}; start a new run`,
  );
}

function startWatchdog(timeoutMs: number, bark: () => void) {
  let timer = setTimeout(bark, timeoutMs);
  return {
    stop: () => clearTimeout(timer),
    restart: () => {
      clearTimeout(timer);
      timer = setTimeout(bark, timeoutMs);
    },
  };
}
