import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { chooseKernel } from '@mapreduce/kernel';
import {
  CorruptRunError,
  decodeSegment,
  decodeSegmentHeader,
  InputNotFoundError,
  type MapCommit,
  mapConcurrently,
  readBytes,
  SEGMENT_HEADER_BYTES,
  type StageDeps,
} from '@mapreduce/shared-utils';

/** Small reads in flight at once. */
const CONCURRENT_REQUESTS = 64;

/**
 * Holds an attempt that came too late to the one that has done the split: both counted the same bytes. Reads
 * little unless there is a difference to be found. A run that is over has nothing left to compare with.
 * @throws CorruptRunError naming both attempts, since nobody knows which of the two is right
 */
export async function requireSameCounts(
  deps: StageDeps,
  where: string,
  partitionCount: number,
  winner: MapCommit,
  loser: MapCommit,
): Promise<void> {
  const difference = await findDifference(deps, partitionCount, winner, loser);
  if (difference === null) return;
  deps.log.error('two attempts at a split differ', {
    run_id: winner.runId,
    split: winner.split,
    committed: winner.attempt,
    attempt: loser.attempt,
    difference,
  });
  throw new CorruptRunError(
    `${where}: expected attempts ${winner.attempt} and ${loser.attempt} to count the same, got different ${difference}; start the run again, and please report this with its logs`,
  );
}

async function findDifference(
  deps: StageDeps,
  partitionCount: number,
  winner: MapCommit,
  loser: MapCommit,
): Promise<string | null> {
  const lost = ledgerOf(loser);
  for (const [name, won] of Object.entries(ledgerOf(winner))) {
    if (!isDeepStrictEqual(won, lost[name]))
      return `${name} (${JSON.stringify(won)} and ${JSON.stringify(lost[name])})`;
  }
  try {
    return await findDifferentPartition(deps, partitionCount, winner, loser);
  } catch (error) {
    if (!(error instanceof InputNotFoundError)) throw error;
    deps.log.warn('attempts were not compared', { run_id: winner.runId, split: winner.split });
    return null;
  }
}

function ledgerOf({ bytesRead, records, rejects, firstReject }: MapCommit): Record<string, unknown> {
  const { badByReason, ...lines } = records;
  const offset = firstReject?.offset ?? null;
  return { bytes: bytesRead, ...lines, ...badByReason, rejects: rejects?.written ?? 0, first_reject: offset };
}

async function findDifferentPartition(
  deps: StageDeps,
  partitionCount: number,
  winner: MapCommit,
  loser: MapCommit,
): Promise<string | null> {
  const won = await readChecksums(deps, winner);
  const lost = await readChecksums(deps, loser);
  for (const partition of new Set([...won.keys(), ...lost.keys()])) {
    if (won.get(partition) === lost.get(partition)) continue;
    // A full table is emitted between two reads, whose sizes vary: the same counts in other segments.
    const expected = { partition, partitionCount };
    const sums = [winner, loser].map((commit) => sumSegments(deps, commit, expected));
    const [wonSum, lostSum] = await Promise.all(sums);
    if (wonSum !== lostSum) return `counts in partition ${partition}`;
  }
  return null;
}

/** Lengths and checksums of the segments of each partition, from their headers alone. */
async function readChecksums(
  { store, config }: StageDeps,
  { shuffleKey, segments }: MapCommit,
): Promise<Map<number, string>> {
  const ref = { bucket: config.bucketTemp, objectKey: shuffleKey };
  const headers = await mapConcurrently(segments, CONCURRENT_REQUESTS, async ({ offset }) => {
    const range = { start: offset, end: offset + SEGMENT_HEADER_BYTES };
    return decodeSegmentHeader(store.uri(ref), await readBytes(store, ref, { range }));
  });
  const checksums = new Map<number, string>();
  for (const { partition, rowsLength, crc32 } of headers) {
    checksums.set(partition, `${checksums.get(partition) ?? ''} ${rowsLength}:${crc32}`);
  }
  return checksums;
}

/** A checksum of the counts themselves, in whatever order and pieces they were written. */
async function sumSegments(
  { store, config }: StageDeps,
  { shuffleKey, segments }: MapCommit,
  expected: { readonly partition: number; readonly partitionCount: number },
): Promise<string> {
  const merger = chooseKernel(config.engine).createMerger({
    tableBytes: config.tableBytes,
    topCount: 0,
    topBytes: 0,
  });
  const ref = { bucket: config.bucketTemp, objectKey: shuffleKey };
  for (const { partition, offset, length } of segments) {
    if (partition !== expected.partition) continue;
    const bytes = await readBytes(store, ref, { range: { start: offset, end: offset + length } });
    merger.add(decodeSegment(`${store.uri(ref)}: segment at byte ${offset}`, bytes, expected));
    merger.end();
  }
  const hash = createHash('sha256');
  for (const piece of merger.format()) hash.update(piece);
  merger.close();
  return hash.digest('hex');
}
