import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { awsEnvironment } from '../aws-environment';

export const ROOT = path.resolve(__dirname, '../../../..');
export const ARN = 'arn:aws:states:eu-west-1:123456789012:stateMachine:m';
const NOWHERE = 'http://127.0.0.1:9';

export interface ScriptResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script as a process of its own, as a user would. */
export function runScript(
  name: string,
  args: readonly string[],
  {
    endpoint = NOWHERE,
    stdin = '',
    env = {},
  }: { readonly endpoint?: string; readonly stdin?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<ScriptResult> {
  const child = spawn(process.execPath, [path.join(ROOT, 'scripts', name), ...args], {
    env: { ...awsEnvironment(endpoint), ...env },
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  child.stdin.end(stdin);
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, ...output })));
}

export interface StartRequest {
  readonly target: string | undefined;
  readonly host: string | undefined;
  /** Of the signature. */
  readonly authorization: string | undefined;
  readonly body: { readonly stateMachineArn: string; readonly input: string };
}

/** The part of Step Functions that is called, on the wire: JSON 1.0 over HTTP. Null for no answer at all. */
export async function startStepFunctions(
  answer: (request: StartRequest) => Promise<{ status?: number; body: object } | null>,
) {
  const requests: StartRequest[] = [];
  const server = createServer(async (incoming, response) => {
    let body = '';
    for await (const piece of incoming) body += String(piece);
    const { host, authorization } = incoming.headers;
    const target = incoming.headers['x-amz-target'] as string | undefined;
    const request = { target, host, authorization, body: JSON.parse(body) };
    requests.push(request);
    const answered = await answer(request);
    if (answered === null) incoming.socket.resetAndDestroy();
    else {
      response.writeHead(answered.status ?? 200, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify(answered.body));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
