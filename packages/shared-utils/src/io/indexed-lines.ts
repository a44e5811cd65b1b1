/** Lists of a run that no task holds whole: JSONL objects, each with an index through which one line is read. */
import {
  formatDocument,
  type InputSplit,
  type Plan,
  parseInputSplit,
  parsePartitionSegments,
  type Segment,
} from '../domain/contracts';
import { runKeys } from '../domain/run-keys';
import { concatBytes } from '../domain/wtf8';
import type { ByteRange, ObjectRef, ObjectStore } from './object-store';
import { readBytes, readText } from './read-object';
import { readWritten, requireBelow, requireSame } from './run-documents';
import type { StageDeps } from './stage-deps';

const OFFSET_BYTES = 8;

/** Written at once. */
const PIECE_BYTES = 1024 * 1024;

/**
 * Writes a document a line, in memory that their number hardly matters to. Returns the index for `readLine`: the
 * offset at which each line begins, and the size of all, 64-bit little-endian.
 */
export async function writeLines(
  store: ObjectStore,
  ref: ObjectRef,
  documents: Iterable<object>,
): Promise<Uint8Array> {
  const offsets = [0n];
  const writer = store.createWriter(ref);
  try {
    for (const lines of inPieces(documents)) {
      for (const line of lines) offsets.push((offsets.at(-1) ?? 0n) + BigInt(line.length));
      await writer.write(concatBytes(lines));
    }
    await writer.close();
  } catch (error) {
    await writer.abort();
    throw error;
  }
  const index = new DataView(new ArrayBuffer(offsets.length * OFFSET_BYTES));
  for (const [at, offset] of offsets.entries()) index.setBigUint64(at * OFFSET_BYTES, offset, true);
  return new Uint8Array(index.buffer);
}

function* inPieces(documents: Iterable<object>): Generator<Uint8Array[]> {
  let lines: Uint8Array[] = [];
  let bytes = 0;
  for (const document of documents) {
    const line = Buffer.from(`${formatDocument(document)}\n`);
    lines.push(line);
    bytes += line.length;
    if (bytes < PIECE_BYTES) continue;
    yield lines;
    lines = [];
    bytes = 0;
  }
  if (lines.length > 0) yield lines;
}

/** One line of the plan's splits. @throws CorruptRunError */
export async function readSplit(deps: StageDeps, plan: Plan, split: number): Promise<InputSplit> {
  const where = `${deps.store.uri({ bucket: deps.config.bucketTemp, objectKey: plan.splitsKey })}: split ${split}`;
  requireBelow(where, 'split', plan.splitCount, split);
  const found = parseInputSplit(where, await readLine(deps, plan.splitsKey, plan.splitIndexKey, split));
  requireSame(where, 'split', split, found.split);
  return found;
}

/** What a group of splits has for a partition. @throws CorruptRunError */
export async function readPartitionSegments(
  deps: StageDeps,
  plan: Plan,
  group: number,
  partition: number,
): Promise<readonly Segment[]> {
  const keys = runKeys(plan.runId);
  const objectKey = keys.partitions(group);
  const where = `${deps.store.uri({ bucket: deps.config.bucketTemp, objectKey })}: partition ${partition}`;
  const line = await readLine(deps, objectKey, keys.partitionIndex(group), partition);
  const found = parsePartitionSegments(where, line);
  requireSame(where, 'run id', plan.runId, found.runId);
  requireSame(where, 'fingerprint', plan.fingerprint, found.fingerprint);
  requireSame(where, 'group', group, found.group);
  requireSame(where, 'partition', partition, found.partition);
  return found.segments;
}

/** One line of a JSONL object that this run wrote, found through its index in two small reads. */
async function readLine(
  { store, config }: StageDeps,
  linesKey: string,
  indexKey: string,
  line: number,
): Promise<string> {
  const ref = { bucket: config.bucketTemp, objectKey: linesKey };
  const range = await readIndexEntry(store, { bucket: config.bucketTemp, objectKey: indexKey }, line);
  return readWritten(store, ref, () => readText(store, ref, { range }));
}

async function readIndexEntry(store: ObjectStore, ref: ObjectRef, line: number): Promise<ByteRange> {
  const range = { start: line * OFFSET_BYTES, end: (line + 2) * OFFSET_BYTES };
  const bytes = await readWritten(store, ref, () => readBytes(store, ref, { range }));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { start: Number(view.getBigUint64(0, true)), end: Number(view.getBigUint64(OFFSET_BYTES, true)) };
}
