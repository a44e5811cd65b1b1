import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { StoredObjects } from '../memory-store';
import type { S3Call, S3Fault, S3FaultPlan } from './faults';
import { operations } from './operations';
import { decodeBody, parseRequest, readBody, type S3Request } from './request';
import { S3Error } from './s3-error';
import { errorAnswer, type S3Answer, type S3State } from './state';

export interface S3ServerOptions {
  readonly buckets: readonly string[];
}

export interface S3Server {
  readonly endpoint: string;
  /** By `bucket/objectKey`, as in the memory store. */
  readonly objects: StoredObjects;
  /** Every call so far, in the order of arrival. */
  readonly calls: readonly S3Call[];
  /** From now on calls go wrong by this plan. */
  injectFaults(plan: S3FaultPlan): void;
  /** Multipart uploads that are neither complete nor aborted. */
  countUploads(): number;
  /** Calls that are not at their end and whose client is still there. */
  countOpenCalls(): number;
  /** Connections so far, closed ones included. */
  countConnections(): number;
  close(): Promise<void>;
}

type Mutable<Type> = { -readonly [Name in keyof Type]: Type[Name] };

/** The part of S3 that the pipeline uses, in this process, path style, without authentication. */
export async function startS3Server({ buckets }: S3ServerOptions): Promise<S3Server> {
  const state: S3State = {
    buckets: new Set(buckets),
    versionedBuckets: new Set(),
    objects: new Map(),
    versions: new Map(),
    uploads: new Map(),
  };
  const calls: S3Call[] = [];
  const open = new Set<ServerResponse>();
  let planFault: S3FaultPlan = () => undefined;
  let connections = 0;

  // Idle connections stay: an answer that is left unread keeps its own for ever, and a test sees it hang.
  const server = createServer({ keepAliveTimeout: 0 }, (incoming, response) => {
    open.add(response);
    response.on('close', () => open.delete(response));
    const call: Mutable<S3Call> = {
      ...parseRequest(incoming),
      number: calls.length + 1,
      fault: undefined,
      status: undefined,
      bodyBytes: 0,
    };
    calls.push(call);
    call.fault = planFault(call);
    // A client that goes away in the middle of its upload.
    handle(state, call, incoming, response).catch(() => response.destroy());
  });
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects: state.objects,
    calls,
    injectFaults: (plan) => {
      planFault = plan;
    },
    countUploads: () => state.uploads.size,
    countOpenCalls: () => open.size,
    countConnections: () => connections,
    close: () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    },
  };
}

async function handle(
  state: S3State,
  call: Mutable<S3Call>,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { fault } = call;
  if (fault?.kind === 'reset' && !fault.isObeyed) {
    incoming.socket.resetAndDestroy();
    return;
  }
  const body = await readBody(incoming);
  if (fault?.kind === 'late') await delay(fault.ms);
  const answer = answerWithFault(fault, () => obey(state, call, body));
  if (answer === null) {
    if (fault?.kind === 'reset') incoming.socket.resetAndDestroy();
    return;
  }
  call.status = answer.status;
  sendAnswer(response, call, answer);
}

/** Null for no answer at all. */
function answerWithFault(fault: S3Fault | undefined, answer: () => S3Answer): S3Answer | null {
  switch (fault?.kind) {
    case 'reset':
    case 'silence':
      if (fault.isObeyed) answer();
      return null;
    case 'status': {
      if (fault.isObeyed) answer();
      const failed = errorAnswer(new S3Error(fault.status, fault.code));
      return { ...failed, headers: { ...failed.headers, ...fault.headers } };
    }
    default:
      return answer();
  }
}

function obey(state: S3State, request: S3Request, body: Uint8Array): S3Answer {
  const { operation, bucket, objectKey } = request;
  try {
    if (operation === 'Unknown') throw new S3Error(501, 'NotImplemented');
    if (operation !== 'CreateBucket' && !state.buckets.has(bucket)) throw new S3Error(404, 'NoSuchBucket');
    const name = `${bucket}/${objectKey}`;
    return operations[operation](state, { ...request, name, body: decodeBody(request, body) });
  } catch (error) {
    return errorAnswer(error instanceof S3Error ? error : new S3Error(500, 'InternalError'));
  }
}

function sendAnswer(
  response: ServerResponse,
  call: Mutable<S3Call>,
  { status, headers, body = '' }: S3Answer,
): void {
  const { method, fault } = call;
  const whole = Buffer.from(body);
  const isShort = fault?.kind === 'short' && method !== 'HEAD';
  const bytes = isShort ? whole.subarray(0, -fault.byBytes) : whole;
  response.writeHead(status, { ...headers, 'content-length': bytes.length });
  if (method === 'HEAD' || bytes.length === 0) {
    response.end();
  } else if (fault?.kind === 'cut' || fault?.kind === 'stall') {
    call.bodyBytes = Math.min(fault.afterBytes, bytes.length);
    response.flushHeaders();
    response.write(bytes.subarray(0, fault.afterBytes), () => {
      if (fault.kind === 'cut') response.destroy();
    });
  } else {
    call.bodyBytes = bytes.length;
    if (fault?.kind === 'flip') bytes[0] = ~(bytes[0] ?? 0);
    response.end(bytes);
  }
}
