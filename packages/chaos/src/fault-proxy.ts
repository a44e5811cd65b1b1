import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { concatBytes } from '@mapreduce/shared-utils';

/**
 * What becomes of a request: an error status without being obeyed, a broken connection before or after it was
 * obeyed, or an answer that breaks off in the middle.
 */
export type ProxyFault = 'slow down' | 'internal error' | 'reset before' | 'reset after' | 'cut';

export interface FaultProxy {
  readonly endpoint: string;
  readonly requests: number;
  readonly faults: number;
  close(): Promise<void>;
}

const STATUSES = { 'slow down': [503, 'SlowDown'], 'internal error': [500, 'InternalError'] } as const;

/** Stands between the SDK and an S3 server; `decide` is asked once a request, by its method and path. */
export async function startFaultProxy(
  upstream: string,
  decide: (request: string) => ProxyFault | null,
): Promise<FaultProxy> {
  let requests = 0;
  let faults = 0;
  const server = createServer((incoming, response) => {
    requests++;
    const fault = decide(`${incoming.method} ${incoming.url}`);
    if (fault !== null) faults++;
    pass(upstream, fault, incoming, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get requests() {
      return requests;
    },
    get faults() {
      return faults;
    },
    close: () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    },
  };
}

async function pass(
  upstream: string,
  fault: ProxyFault | null,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readAll(incoming);
  if (fault === 'reset before') {
    incoming.socket.resetAndDestroy();
    return;
  }
  if (fault === 'slow down' || fault === 'internal error') {
    const [status, code] = STATUSES[fault];
    const xml = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`;
    response.writeHead(status, { 'content-type': 'application/xml' }).end(xml);
    return;
  }
  const answer = await forward(upstream, incoming, body);
  const content = await readAll(answer);
  if (fault === 'reset after') {
    incoming.socket.resetAndDestroy();
    return;
  }
  response.writeHead(answer.statusCode ?? 500, answer.headers);
  // An answer without a body has nothing to be cut.
  if (fault !== 'cut' || content.length === 0) response.end(content);
  else response.write(content.subarray(0, content.length >> 1), () => response.destroy());
}

function forward(
  upstream: string,
  { method, url, headers }: IncomingMessage,
  body: Uint8Array,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    // The path as it came: what a key holds must not be normalised on the way.
    const { hostname, port } = new URL(upstream);
    request({ hostname, port, method, path: url, headers }, resolve).on('error', reject).end(body);
  });
}

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return concatBytes(await Array.fromAsync(stream));
}
