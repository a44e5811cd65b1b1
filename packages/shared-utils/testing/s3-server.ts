import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { concatBytes } from '../src/domain/wtf8';
import type { StoredObjects } from './memory-store';
import {
  answerRequest,
  checksumOf,
  errorAnswer,
  type S3Answer,
  S3Error,
  type S3Request,
  type S3State,
} from './s3-operations';

/**
 * What goes wrong with one request. `cut` and `stall` let that many bytes of the answer's body through,
 * `flip` changes the first of them, `silence` never answers; `reset` and `silence` leave it unobeyed.
 */
export type S3Fault =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly code: string;
      readonly headers?: OutgoingHttpHeaders;
    }
  | { readonly kind: 'cut'; readonly afterBytes: number }
  | { readonly kind: 'stall'; readonly afterBytes: number }
  | { readonly kind: 'flip' }
  | { readonly kind: 'silence' }
  | { readonly kind: 'reset' };

export interface S3ServerOptions {
  readonly buckets: readonly string[];
  /** Called once a request is here, with its body, and before it is obeyed. */
  readonly onRequest?: (request: S3Request) => S3Fault | undefined;
}

export interface S3Server {
  readonly endpoint: string;
  /** By `bucket/objectKey`, as in the memory store. */
  readonly objects: StoredObjects;
  /** Multipart uploads that are neither complete nor aborted. */
  countUploads(): number;
  /** Answers that are not at their end and whose client is still there. */
  countOpenAnswers(): number;
  close(): Promise<void>;
}

/** The part of S3 that the pipeline uses, in this process, path style, without authentication. */
export async function startS3Server(options: S3ServerOptions): Promise<S3Server> {
  const state: S3State = { objects: new Map(), uploads: new Map() };
  const open = new Set<ServerResponse>();
  const server = createServer((incoming, response) => {
    open.add(response);
    response.on('close', () => open.delete(response));
    // A client that goes away in the middle of its upload.
    answer(state, options, incoming, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects: state.objects,
    countUploads: () => state.uploads.size,
    countOpenAnswers: () => open.size,
    close: () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    },
  };
}

async function answer(
  state: S3State,
  { buckets, onRequest }: S3ServerOptions,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const request = parseRequest(incoming);
  const body = await readBody(incoming);
  const fault = onRequest?.(request);
  switch (fault?.kind) {
    case 'silence':
      return;
    case 'reset':
      incoming.socket.resetAndDestroy();
      return;
    case 'status': {
      const failed = errorAnswer(fault.status, fault.code);
      send(response, request, { ...failed, headers: { ...failed.headers, ...fault.headers } });
      return;
    }
    default:
      send(response, request, answerOrError(state, buckets, request, body), fault);
  }
}

function answerOrError(
  state: S3State,
  buckets: readonly string[],
  request: S3Request,
  body: Uint8Array,
): S3Answer {
  try {
    if (!buckets.includes(request.bucket)) throw new S3Error(404, 'NoSuchBucket');
    return answerRequest(state, request, decodeBody(request, body));
  } catch (error) {
    if (error instanceof S3Error) return errorAnswer(error.status, error.code);
    return errorAnswer(500, 'InternalError');
  }
}

/** By hand: `URL` would resolve the `..` of a key. */
function parseRequest({ method = '', url = '', headers }: IncomingMessage): S3Request {
  const [path = '', query = ''] = url.split('?', 2);
  const [, bucket = '', ...segments] = path.split('/');
  const objectKey = decodeURIComponent(segments.join('/'));
  return { method, headers, bucket, objectKey, query: new URLSearchParams(query) };
}

async function readBody(incoming: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return concatBytes(chunks);
}

/** Takes aws-chunked framing off and checks the CRC32, which stands in a header or in the trailer. */
function decodeBody({ headers }: S3Request, body: Uint8Array): Uint8Array {
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

function send(
  response: ServerResponse,
  { method }: S3Request,
  { status, headers, body = '' }: S3Answer,
  fault?: S3Fault,
): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, { ...headers, 'content-length': bytes.length });
  if (method === 'HEAD') {
    response.end();
  } else if (fault?.kind === 'cut' || fault?.kind === 'stall') {
    response.flushHeaders();
    response.write(bytes.subarray(0, fault.afterBytes), () => {
      if (fault.kind === 'cut') response.destroy();
    });
  } else {
    if (fault?.kind === 'flip') bytes[0] = ~(bytes[0] ?? 0);
    response.end(bytes);
  }
}
