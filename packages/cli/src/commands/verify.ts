import { escapeUnprintable } from '@mapreduce/shared-utils';
import { verifyOutput } from '../local/verify-output';
import { formatCount } from '../render/format';
import { printJson } from '../render/output';
import { type Progress, startProgress } from '../render/progress';

export interface VerifyFlags {
  readonly json?: true;
}

/** Prints what is wrong with an output, or that nothing is. Calls `onFault` first, for nobody may be reading. */
export async function verify(
  out: string,
  inputs: readonly string[],
  { json }: VerifyFlags,
  signal: AbortSignal,
  onFault: () => void,
): Promise<void> {
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
  if (!isValid) onFault();
  if (json) return printJson({ isValid, isRecounted, faults });
  for (const fault of faults) process.stderr.write(`mapreduce: ${escapeUnprintable(fault)}\n`);
  if (!isValid) return;
  const { counts, outputs } = manifest;
  const how = isRecounted
    ? 'and counting the input again gives the same'
    : 'checksums, order and totals hold';
  process.stdout.write(
    `OK: ${formatCount(outputs.length)} buckets, ${formatCount(counts.unique)} URLs, ${formatCount(counts.total)} counted; ${how}.\n`,
  );
}
