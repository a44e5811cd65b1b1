import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import {
  CountHistogram,
  type Inputs,
  type PartitionSize,
  type Report,
  type ReportedUrl,
} from '@mapreduce/report';
import {
  type Manifest,
  type OutputSummary,
  type PinnedObject,
  parseTimeline,
  type Timeline,
  TopList,
  truncate,
  type UrlCount,
} from '@mapreduce/shared-utils';
import { version } from '../../package.json';
import { readManifest, readOutput } from './output-reader';
import { sampleRejects } from './sample-rejects';
import { TIMELINE } from './write-timeline';

/** URLs that a page has at most, and of each of them so many characters. */
const MAX_URLS = 2000;
const MAX_URL_LENGTH = 300;

const MAX_INPUTS = 100;

/**
 * All that there is to show of an output: its manifest, its timeline, and every bucket read once, in memory that
 * grows with the number of different counts only. @throws InputNotFoundError, CorruptRunError
 */
export async function gatherReport(out: string, signal: AbortSignal): Promise<Report> {
  const manifest = await readManifest(out);
  const { partitions, urls, concentration } = await readBuckets(out, manifest, signal);
  const timeline = await readTimeline(out, manifest.runId);
  return {
    where: out,
    version,
    madeAt: new Date().toISOString(),
    verdict: { kind: 'succeeded' },
    runId: manifest.runId,
    startedAt: manifest.timings.startedAt,
    elapsedMs: timeline?.elapsedMs ?? manifest.timings.elapsedMs,
    inputs: summarizeInputs(manifest.inputs),
    bytesRead: manifest.bytesRead,
    records: manifest.records,
    counts: manifest.counts,
    partitions,
    urls,
    concentration,
    rejects: {
      listed: manifest.rejects.reduce((sum, { written }) => sum + written, 0),
      samples: await sampleRejects(path.join(out, 'rejects'), manifest),
      directory: manifest.rejects.length > 0 ? path.join(out, 'rejects') : null,
    },
    tasks: timeline === null ? null : { ...timeline, running: [] },
    cost: null,
    configuration: manifest.configuration,
    environment: timeline?.environment ?? null,
  };
}

/** Its compression is known once it is planned. */
type FoundInput = Pick<PinnedObject, 'bucket' | 'key' | 'size'> & Partial<Pick<PinnedObject, 'compression'>>;

/** The largest first, where not all are listed. */
export function summarizeInputs(inputs: readonly FoundInput[]): Inputs {
  const largest = inputs.length <= MAX_INPUTS ? inputs : inputs.toSorted((a, b) => b.size - a.size);
  return {
    count: inputs.length,
    bytes: inputs.reduce((sum, { size }) => sum + size, 0),
    listed: largest.slice(0, MAX_INPUTS).map(({ bucket, key, size, compression }) => ({
      name: `${bucket}/${key}`,
      size,
      compression: compression ?? null,
    })),
  };
}

async function readBuckets(
  out: string,
  { outputs }: Manifest,
  signal: AbortSignal,
): Promise<Pick<Report, 'partitions' | 'urls' | 'concentration'>> {
  const top = new TopList<ReportedUrl>(MAX_URLS);
  const histogram = new CountHistogram();
  const partitions: PartitionSize[] = [];
  for (const output of outputs) {
    for await (const entries of readOutput(out, output, { signal })) {
      for (const entry of entries) {
        histogram.add(entry.count);
        top.add(beginningOf(entry));
      }
    }
    partitions.push(await sizeOf(out, output));
  }
  return { partitions, urls: top.toArray(), concentration: histogram.concentration() };
}

function beginningOf({ url, count }: UrlCount): ReportedUrl {
  const { length } = url;
  if (length <= MAX_URL_LENGTH) return { url, count, length };
  // A slice of a string keeps all of it in memory; what is joined anew does not.
  return { url: [...truncate(url, MAX_URL_LENGTH)].slice(0, -1).join(''), count, length };
}

async function sizeOf(
  out: string,
  { bucket, outputKey, unique, total }: OutputSummary,
): Promise<PartitionSize> {
  const { size } = await stat(path.join(out, path.basename(outputKey)));
  return { partition: bucket, unique, total, bytes: size };
}

/** Null where there is none that can be read, or only that of another run: nothing depends on it. */
async function readTimeline(out: string, runId: string): Promise<Timeline | null> {
  try {
    const file = path.join(out, TIMELINE);
    const timeline = parseTimeline(file, await readFile(file, 'utf8'));
    return timeline.runId === runId ? timeline : null;
  } catch {
    return null;
  }
}
