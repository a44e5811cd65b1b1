import { fork } from 'node:child_process';
import path from 'node:path';
import type { S3Server } from '@mapreduce/shared-utils/testing';
import { awsEnvironment } from './aws-environment';

export const STAGES = ['planner', 'mapper', 'grouping', 'reducer', 'committer'] as const;
export type StageName = (typeof STAGES)[number];

const ENVIRONMENT = {
  BUCKET_TEMP: 'my-temp-bucket',
  BUCKET_OUTPUT: 'my-output-bucket',
  POWERTOOLS_METRICS_NAMESPACE: 'MapReduce/stack',
};

export interface Invocation {
  // biome-ignore lint/suspicious/noExplicitAny: each stage has a result of its own; the assertions say which.
  readonly result?: any;
  readonly error?: { readonly name: string; readonly message: string };
  readonly log: string;
}

/** Invokes the bundle that `pnpm build` made, in a process of its own, with the environment of a Lambda. */
export function invokeBundle(
  server: S3Server,
  stage: StageName,
  event: object,
  settings: NodeJS.ProcessEnv = {},
): Promise<Invocation> {
  const bundle = path.resolve(__dirname, '../..', stage, 'dist/handler.mjs');
  const child = fork(path.join(__dirname, 'invoke-bundle.mjs'), [bundle, JSON.stringify(event)], {
    silent: true,
    env: { ...awsEnvironment(server.endpoint), ...ENVIRONMENT, ...settings },
  });
  let outcome: Omit<Invocation, 'log'> = {};
  let log = '';
  child.on('message', (message) => {
    outcome = message as typeof outcome;
  });
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (text: Buffer) => {
      log += text.toString();
    });
  return new Promise((resolve, reject) =>
    child.on('close', (code) => (code === 0 ? resolve({ ...outcome, log }) : reject(new Error(log)))),
  );
}
