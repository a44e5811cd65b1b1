import { type CountMerger, chooseKernel } from '@mapreduce/kernel';
import {
  outputKey,
  type Plan,
  type ReduceCommit,
  type Segment,
  SegmentDecoder,
  type StageDeps,
  TOP_BYTES,
  TOP_COUNT,
} from '@mapreduce/shared-utils';
import { readSegments } from './read-segments';
import { SortedRuns } from './sorted-runs';
import { writeOutput } from './write-output';

/** Sums a partition's segments and writes its output, if there is any, in memory that depends on neither's size. */
export async function sumSegments(
  deps: StageDeps,
  { configuration }: Plan,
  partition: number,
  segments: AsyncIterable<Segment>,
): Promise<Pick<ReduceCommit, 'output' | 'top'> | null> {
  const { tableBytes, numBuckets, outputBucket, outputPrefix } = configuration;
  const merger = chooseKernel(deps.config.engine).createMerger({
    tableBytes,
    topCount: TOP_COUNT,
    topBytes: TOP_BYTES,
  });
  const runs = new SortedRuns(deps.scratch);
  try {
    await mergeSegments(deps, segments, { partition, partitionCount: numBuckets }, merger, runs);
    if (merger.unique === 0 && runs.count === 0) return null;
    const ref = { bucket: outputBucket, objectKey: outputKey(outputPrefix, partition) };
    const sha256 = await writeOutput(deps.store, ref, await formatSum(merger, runs));
    deps.onWorkDone?.({ spills: runs.count });
    const { unique, total, top } = merger;
    const { bucket, objectKey } = ref;
    const output = { bucket: partition, outputBucket: bucket, outputKey: objectKey, unique, total, sha256 };
    return { output, top: [...top] };
  } finally {
    merger.close();
    await runs.close();
  }
}

async function mergeSegments(
  { store, config }: StageDeps,
  segments: AsyncIterable<Segment>,
  expected: { readonly partition: number; readonly partitionCount: number },
  merger: CountMerger,
  runs: SortedRuns,
): Promise<void> {
  let decoder: SegmentDecoder | null = null;
  for await (const { segment, bytes, isLast } of readSegments(store, config.bucketTemp, segments)) {
    const uri = store.uri({ bucket: config.bucketTemp, objectKey: segment.key });
    decoder ??= new SegmentDecoder(`${uri}: segment at byte ${segment.offset}`, expected);
    const rows = decoder.add(bytes);
    merger.add(rows);
    if (isLast) {
      decoder.end();
      merger.end();
      decoder = null;
    }
    if (merger.isFull) await runs.add(merger.takeRun());
  }
}

async function formatSum(
  merger: CountMerger,
  runs: SortedRuns,
): Promise<Iterable<Uint8Array> | AsyncIterable<Uint8Array>> {
  if (runs.count === 0) return merger.format();
  if (merger.unique > 0) await runs.add(merger.takeRun());
  return merger.formatRuns(await runs.open(merger));
}
