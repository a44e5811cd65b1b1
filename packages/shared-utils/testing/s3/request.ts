import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { concatBytes } from '../../src/domain/wtf8';
import { checksumOf } from './checksum';
import { S3Error } from './s3-error';

/** Everything the server can do; a request that is none of it is answered with 501. */
export type S3OperationName =
  | 'AbortMultipartUpload'
  | 'CompleteMultipartUpload'
  | 'CreateBucket'
  | 'CreateMultipartUpload'
  | 'DeleteObject'
  | 'DeleteObjects'
  | 'GetObject'
  | 'HeadObject'
  | 'ListMultipartUploads'
  | 'ListObjectVersions'
  | 'ListObjectsV2'
  | 'PutBucketVersioning'
  | 'PutObject'
  | 'UploadPart';

/** A request without its body. */
export interface S3Request {
  readonly method: string;
  readonly bucket: string;
  readonly objectKey: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly operation: S3OperationName | 'Unknown';
}

/** By hand: `URL` would resolve the `..` of a key. */
export function parseRequest({ method = '', url = '', headers }: IncomingMessage): S3Request {
  const [path = '', queryText = ''] = url.split('?', 2);
  const [, bucket = '', ...segments] = path.split('/');
  const objectKey = decodeURIComponent(segments.join('/'));
  const query = new URLSearchParams(queryText);
  return { method, headers, bucket, objectKey, query, operation: nameOperation(method, objectKey, query) };
}

function nameOperation(
  method: string,
  objectKey: string,
  query: URLSearchParams,
): S3OperationName | 'Unknown' {
  const isMultipart = query.has('uploadId');
  switch (`${method} ${objectKey === '' ? 'bucket' : 'object'}`) {
    case 'PUT bucket':
      return query.has('versioning') ? 'PutBucketVersioning' : 'CreateBucket';
    case 'GET bucket':
      if (query.has('versions')) return 'ListObjectVersions';
      return query.has('uploads') ? 'ListMultipartUploads' : 'ListObjectsV2';
    case 'POST bucket':
      return query.has('delete') ? 'DeleteObjects' : 'Unknown';
    case 'GET object':
      return 'GetObject';
    case 'HEAD object':
      return 'HeadObject';
    case 'PUT object':
      return isMultipart ? 'UploadPart' : 'PutObject';
    case 'DELETE object':
      return isMultipart ? 'AbortMultipartUpload' : 'DeleteObject';
    case 'POST object':
      return isMultipart ? 'CompleteMultipartUpload' : 'CreateMultipartUpload';
    default:
      return 'Unknown';
  }
}

export async function readBody(incoming: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return concatBytes(chunks);
}

/** Takes aws-chunked framing off and checks the CRC32, which stands in a header or in the trailer. */
export function decodeBody({ headers }: S3Request, body: Uint8Array): Uint8Array {
  const isChunked = String(headers['content-encoding']).includes('aws-chunked');
  const { content, trailer } = isChunked ? unchunk(Buffer.from(body)) : { content: body, trailer: '' };
  const crc = headers['x-amz-checksum-crc32'] ?? /x-amz-checksum-crc32:(\S+)/.exec(trailer)?.[1];
  if (crc !== undefined && crc !== checksumOf(content)) throw new S3Error(400, 'BadDigest');
  return content;
}

/** Chunks are `<hex length>[;extensions]\r\n<bytes>\r\n`; the empty one is followed by the trailer. */
function unchunk(body: Buffer): { content: Uint8Array; trailer: string } {
  const chunks: Uint8Array[] = [];
  for (let at = 0; ; ) {
    const lineEnd = body.indexOf('\r\n', at);
    const length = Number.parseInt(body.toString('latin1', at, lineEnd), 16);
    if (!(length > 0)) return { content: concatBytes(chunks), trailer: body.toString('latin1', lineEnd) };
    chunks.push(body.subarray(lineEnd + 2, lineEnd + 2 + length));
    at = lineEnd + 2 + length + 2;
  }
}
