import type { ChangeKind } from '../local/change-kinds';
import { diffOutputs } from '../local/diff-outputs';
import { formatDiff } from '../render/diff-report';
import { columns, printJson } from '../render/output';

export interface DiffFlags {
  readonly limit: number;
  readonly only: readonly ChangeKind[];
  readonly json?: true;
}

export async function diff(
  before: string,
  after: string,
  { json, ...options }: DiffFlags,
  signal: AbortSignal,
): Promise<void> {
  const found = await diffOutputs(before, after, { ...options, signal });
  if (json) printJson(found);
  else process.stdout.write(formatDiff(found, columns()));
}
