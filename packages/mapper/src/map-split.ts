import { chooseKernel, type UrlCounter } from '@mapreduce/kernel';
import {
  FORMAT_VERSION,
  type InputRange,
  type MapCommit,
  type MapperEvent,
  type MapperResult,
  type ObjectRef,
  parseMapCommit,
  readDocumentIfPresent,
  readPlan,
  readSplit,
  runKeys,
  SEGMENT_HEADER_BYTES,
  type StageDeps,
  writeDocument,
} from '@mapreduce/shared-utils';
import { requireSameCounts } from './compare-attempts';
import { readLines } from './read-lines';
import { RejectLog } from './rejects';
import { ShuffleWriter } from './shuffle-writer';

/**
 * Counts the lines of one split into one shuffle object, then creates its commit record. Whoever creates
 * the record first has done the split; any other attempt, however late, counts for nothing.
 * @throws CorruptRunError where such an attempt has counted otherwise
 */
export async function mapSplit(deps: StageDeps, { runId, split }: MapperEvent): Promise<MapperResult> {
  const { store, config, log } = deps;
  const keys = runKeys(runId);
  const commitRef = { bucket: config.bucketTemp, objectKey: keys.mapCommit(split) };
  if ((await readDocumentIfPresent(store, commitRef, parseMapCommit)) !== null) return { split };

  const plan = await readPlan(deps, runId);
  const { ranges } = await readSplit(deps, plan, split);
  const attempt = deps.newAttemptId();
  const rejects = new RejectLog();
  let source = '';
  const { numBuckets, urlField, maxLineBytes, maxDecompressedBytes, tableBytes } = plan.configuration;
  const shuffleKey = keys.attempt('shuffle', attempt, split);
  const shuffle = new ShuffleWriter(store, { bucket: config.bucketTemp, objectKey: shuffleKey }, numBuckets);
  const counter = chooseKernel(config.engine).createCounter({
    partitionCount: numBuckets,
    urlField,
    maxLineBytes,
    tableBytes,
    headerBytes: SEGMENT_HEADER_BYTES,
    onReject: (line) => rejects.add(source, line),
  });

  let spills = 0;
  const spill = async () => {
    spills += 1;
    await shuffle.append(counter.emit());
  };

  let bytesRead = 0;
  try {
    for (const range of ranges) {
      source = store.uri({ bucket: range.bucket, objectKey: range.key });
      bytesRead += await countRange(deps, range, maxDecompressedBytes, counter, spill);
    }
    await shuffle.append(counter.emit());
    await shuffle.close();
  } catch (error) {
    await shuffle.abort();
    throw error;
  } finally {
    counter.close();
  }

  const records = counter.tally;
  const commit: MapCommit = {
    version: FORMAT_VERSION,
    runId,
    split,
    attempt,
    fingerprint: plan.fingerprint,
    shuffleKey,
    segments: shuffle.segments,
    bytesRead,
    records,
    rejects: await writeRejects(deps, rejects, split, keys.attempt('rejects', attempt, split)),
    firstReject: rejects.first,
  };
  const isCreated = await writeDocument(store, commitRef, commit, { ifNoneMatch: true });
  const winner = isCreated ? commit : await readDocumentIfPresent(store, commitRef, parseMapCommit);
  // A put that is sent again, for its answer was lost, finds the record that it has made.
  const isFirst = winner?.attempt === attempt;
  log.info(isFirst ? 'split mapped' : 'split was mapped by another attempt', {
    run_id: runId,
    split,
    attempt,
    bytes: bytesRead,
    lines: records.lines,
    bad: records.bad,
    spills,
  });
  if (isFirst) {
    deps.onWorkDone?.({
      splits: 1,
      lines: records.lines,
      bytes: bytesRead,
      badRecords: records.bad,
      spills,
    });
  }
  if (winner !== null && !isFirst) {
    await requireSameCounts(deps, store.uri(commitRef), numBuckets, winner, commit);
  }
  return { split };
}

/**
 * Returns how many of the object's bytes the range accounts for: the bytes of its lines, which sum to the
 * size of an object over all its ranges, or all of a compressed object, which is read to its last byte.
 */
async function countRange(
  { store, onBytesRead }: StageDeps,
  range: InputRange,
  maxDecompressedBytes: number | null,
  counter: UrlCounter,
  spill: () => Promise<void>,
): Promise<number> {
  let lineBytes = 0;
  for await (const { offset, bytes } of readLines(store, range, {
    maxDecompressedBytes,
    lend: () => counter.room(),
    ...(onBytesRead && { onBytesRead }),
  })) {
    if (lineBytes === 0) counter.begin(offset);
    lineBytes += bytes.length;
    counter.push(bytes);
    if (counter.isFull) await spill();
  }
  if (lineBytes > 0) counter.end();
  return range.compression === 'none' ? lineBytes : range.size;
}

async function writeRejects(
  { store, config }: StageDeps,
  rejects: RejectLog,
  split: number,
  objectKey: string,
): Promise<MapCommit['rejects']> {
  if (rejects.size === 0) return null;
  const ref: ObjectRef = { bucket: config.bucketTemp, objectKey };
  await store.put(ref, rejects.format());
  return { split, key: objectKey, written: rejects.size };
}
