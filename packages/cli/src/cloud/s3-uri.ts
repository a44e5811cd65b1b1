import { type ExecutionInput, InvalidInputError, quote } from '@mapreduce/shared-utils';

const S3_URI = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/s;

export function isS3Uri(text: string): boolean {
  return /^s3:/i.test(text);
}

/** A prefix that ends with `/`, or is empty; a URI may leave the last one out. Null where it is another text. */
export function parsePrefix(uri: string): { readonly bucket: string; readonly prefix: string } | null {
  const [, bucket, path = ''] = S3_URI.exec(uri) ?? [];
  if (bucket === undefined) return null;
  return { bucket, prefix: path === '' || path.endsWith('/') ? path : `${path}/` };
}

/**
 * The part of an execution's input that `s3://bucket/…` arguments stand for: an object; all under a prefix that ends
 * with `/`, or a whole bucket; all that begins and ends as a pattern with one `*` does.
 * @throws InvalidInputError
 */
export function toExecutionInput(uris: readonly string[]): ExecutionInput {
  const parsed = uris.map(parseUri);
  return {
    inputFiles: parsed.flatMap((found) => ('key' in found ? [found] : [])),
    inputPrefixes: parsed.flatMap((found) => ('prefix' in found ? [found] : [])),
  };
}

function parseUri(
  uri: string,
): { bucket: string; key: string } | { bucket: string; prefix: string; suffix?: string } {
  const [, bucket, path = ''] = S3_URI.exec(uri) ?? [];
  if (bucket === undefined) {
    throw new InvalidInputError(
      `input ${quote(uri)}: expected s3://<bucket>/<key>, got no name of a bucket in it`,
    );
  }
  const [prefix = '', suffix, ...more] = path.split('*');
  if (more.length > 0 || /[?[{]/.test(path)) {
    throw new InvalidInputError(
      `input ${quote(uri)}: expected a key, a prefix that ends with /, or a pattern with one *, got another pattern`,
    );
  }
  if (suffix !== undefined) return { bucket, prefix, suffix };
  return path === '' || path.endsWith('/') ? { bucket, prefix } : { bucket, key: path };
}
