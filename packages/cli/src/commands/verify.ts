import { escapeUnprintable } from '@mapreduce/shared-utils';
import { verifyOutput } from '../local/verify-output';
import { formatCount } from '../render/format';
import { printJson } from '../render/output';
import { type Progress, startProgress } from '../render/progress';

export interface VerifyFlags {
  readonly json?: true;
}

/** Prints what is wrong with an output, or that nothing is. Resolves with whether nothing is. */
export async function verify(
  out: string,
  inputs: readonly string[],
  { json }: VerifyFlags,
  signal: AbortSignal,
): Promise<boolean> {
  let progress: Progress | undefined;
  const { manifest, faults, isRecounted } = await verifyOutput(
    out,
    inputs,
    signal,
    (totalBytes, bytesRead) => {
      if (process.stderr.isTTY && json !== true) progress = startProgress(totalBytes, bytesRead);
    },
  ).finally(() => progress?.stop());
  const isValid = faults.length === 0;
  if (json) {
    printJson({ isValid, isRecounted, faults });
    return isValid;
  }
  for (const fault of faults) process.stderr.write(`mapreduce: ${escapeUnprintable(fault)}\n`);
  if (!isValid) return false;
  const { counts, outputs } = manifest;
  const how = isRecounted
    ? 'and counting the input again gives the same'
    : 'checksums, order and totals hold';
  process.stdout.write(
    `OK: ${formatCount(outputs.length)} buckets, ${formatCount(counts.unique)} URLs, ${formatCount(counts.total)} counted; ${how}.\n`,
  );
  return true;
}
