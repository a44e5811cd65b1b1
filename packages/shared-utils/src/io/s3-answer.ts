import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { InputChangedError, StoreUnavailableError } from '../domain/errors';
import type { S3Connection } from './s3-connection';
import { required, type S3Call } from './s3-errors';

/** One read of one object, as all its parts share it. */
export interface S3Source {
  readonly connection: S3Connection;
  readonly target: { readonly Bucket: string; readonly Key: string; readonly VersionId: string | undefined };
  readonly call: S3Call;
  /** Settled by the first answer at the latest; every later one must have it. */
  etag: string | undefined;
}

/** How far a part has come: the bytes `[at, end)` are still to be fetched. */
export interface PartProgress {
  at: number;
  /** Unknown until the first answer where the object was asked for whole. */
  end: number | undefined;
  size: number;
  chunks: Uint8Array[];
  /** Whether something of the chunks is known to be wrong, and not what. */
  isWrong: boolean;
}

/**
 * Holds an answer against what was asked. Returns the length of its body.
 * @throws InputChangedError for another object, StoreUnavailableError for what is no answer to the question
 */
export function acceptAnswer(
  { ContentLength, ContentRange, ETag }: GetObjectCommandOutput,
  source: S3Source,
  progress: PartProgress,
): number {
  const { call, connection } = source;
  const length = required(ContentLength, call, 'a Content-Length');
  requireEtag(source, required(ETag, call, 'an ETag'));
  if (progress.end === undefined) {
    progress.size = length;
    progress.end = Math.min(length, connection.settings.partBytes);
    return length;
  }
  const { at, end } = progress;
  const { first, size } = parseContentRange(ContentRange);
  if (size !== undefined && size < end) {
    throw new InputChangedError(
      `${call.where}: expected at least ${end} bytes, got ${size}: the object is smaller than expected; start a new run`,
    );
  }
  if (first !== at || length !== end - at) {
    throw new StoreUnavailableError(
      `${call.where}: expected ${end - at} bytes from byte ${at} on, got ${length} from byte ${first} on; try again later`,
    );
  }
  return length;
}

function requireEtag(source: S3Source, etag: string): void {
  source.etag ??= etag;
  if (etag === source.etag) return;
  throw new InputChangedError(
    `${source.call.where}: expected etag ${source.etag}, got ${etag}: the object has changed; start a new run`,
  );
}

/** Without a range the answer is the object from its first byte on. */
function parseContentRange(header = ''): { first: number; size?: number } {
  const [, first, size] = /^bytes (\d+)-\d+\/(\d+)$/.exec(header) ?? [];
  return first === undefined ? { first: 0 } : { first: Number(first), size: Number(size) };
}
