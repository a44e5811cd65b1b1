import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

// biome-ignore lint/suspicious/noExplicitAny: requests and answers have the shapes of the API's models.
type Json = any;

interface AwsRequest {
  readonly action: string;
  readonly body: Json;
}

/** An answer by its HTTP status: 200, or an error with its type as AWS names it. */
export type AwsAnswer =
  | { readonly body: Json }
  | { readonly status: number; readonly type: string; readonly message?: string };

export interface AwsServer {
  readonly endpoint: string;
  readonly requests: readonly AwsRequest[];
  close(): Promise<void>;
}

/**
 * Speaks what the clients of Step Functions (JSON 1.0) and CloudFormation (Query, XML) speak. The answer to a request
 * is what `answers` has for its action: one for all, or one for each in turn, the last for all that follow.
 */
export async function startAwsServer(
  answers: Readonly<Record<string, AwsAnswer | readonly AwsAnswer[]>>,
): Promise<AwsServer> {
  const requests: AwsRequest[] = [];
  const server = createServer((request, response) => {
    readBody(request).then((text) => {
      const target = request.headers['x-amz-target'];
      const isQuery = typeof target !== 'string';
      const query = new URLSearchParams(text);
      const action = isQuery ? (query.get('Action') ?? '') : (target.split('.')[1] ?? '');
      const body = isQuery ? Object.fromEntries(query) : JSON.parse(text);
      const nth = requests.filter((earlier) => earlier.action === action).length;
      requests.push({ action, body });
      const known = [answers[action] ?? { status: 400, type: 'UnknownOperation' }].flat() as AwsAnswer[];
      const answer = known[Math.min(nth, known.length - 1)] as AwsAnswer;
      if (isQuery) answerXml(response, action, answer);
      else answerJson(response, answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks = await Array.fromAsync(request as AsyncIterable<Buffer>);
  return Buffer.concat(chunks).toString();
}

function answerJson(response: ServerResponse, answer: AwsAnswer): void {
  response.setHeader('content-type', 'application/x-amz-json-1.0');
  if ('body' in answer) response.end(JSON.stringify(answer.body));
  else
    response.writeHead(answer.status).end(JSON.stringify({ __type: answer.type, message: answer.message }));
}

function answerXml(response: ServerResponse, action: string, answer: AwsAnswer): void {
  response.setHeader('content-type', 'text/xml');
  if ('body' in answer) {
    response.end(`<${action}Response><${action}Result>${answer.body}</${action}Result></${action}Response>`);
    return;
  }
  const { status, type, message } = answer;
  response
    .writeHead(status)
    .end(
      `<ErrorResponse><Error><Type>Sender</Type><Code>${type}</Code><Message>${message}</Message></Error></ErrorResponse>`,
    );
}

/** What DescribeStacks says of a stack with these outputs. */
export function stackWith(outputs: Readonly<Record<string, string>>): AwsAnswer {
  const members = Object.entries(outputs).map(
    ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
  );
  return {
    body: `<Stacks><member><StackName>urls</StackName><Outputs>${members.join('')}</Outputs></member></Stacks>`,
  };
}
