import { createInterface } from 'node:readline/promises';
import { type ObjectRef, type ObjectStore, runKeys } from '@mapreduce/shared-utils';
import { type ConnectionFlags, connectToS3 } from '../cloud/connect';
import { findStack } from '../cloud/stack';
import { formatBytes, formatCount } from '../render/format';

export interface CleanFlags extends ConnectionFlags {
  readonly stack: string;
  readonly yes?: true;
}

/** S3 deletes this many objects a request. */
const DELETE_BATCH = 1000;

/** Deletes a run's temporary objects, once it has shown how many there are and been told to. */
export async function clean(runId: string, flags: CleanFlags, signal: AbortSignal): Promise<void> {
  const { tempBucket } = await findStack(flags.stack, flags);
  const store = connectToS3(flags);
  try {
    await cleanRun(store, tempBucket, runId, flags.yes === true, signal);
  } finally {
    store.destroy();
  }
}

async function cleanRun(
  store: ObjectStore,
  bucket: string,
  runId: string,
  isAgreed: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { prefix } = runKeys(runId);
  const refs: ObjectRef[] = [];
  let bytes = 0;
  for await (const { objectKey, size } of store.list(bucket, prefix)) {
    refs.push({ bucket, objectKey });
    bytes += size;
  }
  const where = store.uri({ bucket, objectKey: prefix });
  process.stdout.write(`${where}: ${formatCount(refs.length)} objects, ${formatBytes(bytes)}\n`);
  if (refs.length === 0) return;
  if (!isAgreed && !(await ask(`Delete them? A run that still goes on fails by it. [y/N] `, signal))) {
    process.stdout.write('Nothing was deleted.\n');
    return;
  }
  for (let at = 0; at < refs.length; at += DELETE_BATCH) {
    signal.throwIfAborted();
    await store.delete(refs.slice(at, at + DELETE_BATCH));
  }
  process.stdout.write(`Deleted ${formatCount(refs.length)} objects.\n`);
}

/** Without a terminal the answer is no. */
async function ask(question: string, signal: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY) {
    process.stdout.write('Say --yes to delete them.\n');
    return false;
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test(await terminal.question(question, { signal }));
  } finally {
    terminal.close();
  }
}
