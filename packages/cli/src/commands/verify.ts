import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import {
  compareBytes,
  compareRank,
  encodeWtf8,
  imbalances,
  type Manifest,
  type OutputSummary,
  partitionOf,
  quote,
  type UrlCount,
} from '@mapreduce/shared-utils';
import { listBuckets, readBucket, readManifest } from '../local/output-reader';
import { runLocally } from '../local/run-locally';

export interface Verification {
  readonly manifest: Manifest;
  /** What is wrong, a sentence each; empty when the output can be trusted. */
  readonly faults: readonly string[];
  readonly isRecounted: boolean;
}

/**
 * Recomputes everything the manifest says from the files beside it; with inputs, counts those again and
 * compares every byte. @throws InputNotFoundError when there is no manifest
 */
export async function verifyOutput(
  out: string,
  inputs: readonly string[],
  signal: AbortSignal,
): Promise<Verification> {
  const manifest = await readManifest(out);
  const faults = [...verifyLedger(manifest), ...(await verifyFileList(out, manifest))];
  const top: UrlCount[] = [];
  for (const output of manifest.outputs) {
    const checked = await verifyBucket(out, manifest, output);
    faults.push(...checked.faults);
    top.push(...checked.top);
  }
  if (faults.length === 0 && !isSameTop(top, manifest))
    faults.push('manifest.json: top is not what the buckets give');
  if (inputs.length > 0 && faults.length === 0) faults.push(...(await recount(manifest, inputs, signal)));
  return { manifest, faults, isRecounted: inputs.length > 0 };
}

function verifyLedger({ inputs, bytesRead, records, counts, outputs }: Manifest): string[] {
  const unbalanced = imbalances({
    plannedBytes: inputs.reduce((sum, { size }) => sum + size, 0),
    bytesRead,
    records,
    countedTotal: counts.total,
  });
  const unique = outputs.reduce((sum, output) => sum + output.unique, 0);
  const total = outputs.reduce((sum, output) => sum + output.total, 0);
  return [
    ...unbalanced,
    ...(unique === counts.unique ? [] : [{ what: 'unique URLs', expected: counts.unique, actual: unique }]),
    ...(total === counts.total ? [] : [{ what: 'sum of counts', expected: counts.total, actual: total }]),
  ].map(({ what, expected, actual }) => `manifest.json: expected ${what} to be ${expected}, got ${actual}`);
}

async function verifyFileList(out: string, { outputs }: Manifest): Promise<string[]> {
  const there = new Set(await listBuckets(out));
  const named = new Set(outputs.map(({ outputKey }) => path.basename(outputKey)));
  return [
    ...[...named].filter((name) => !there.has(name)).map((name) => `${name}: expected a file, got none`),
    ...[...there]
      .filter((name) => !named.has(name))
      .map((name) => `${name}: expected no such file, got one that the manifest does not name`),
  ];
}

async function verifyBucket(
  out: string,
  { configuration, top: { length: topCount } }: Manifest,
  { bucket, outputKey, sha256, unique, total }: OutputSummary,
): Promise<{ faults: string[]; top: UrlCount[] }> {
  const name = path.basename(outputKey);
  const file = path.join(out, name);
  if (!(await listBuckets(out)).includes(name)) return { faults: [], top: [] };
  const actualSha256 = await hashFile(file);
  if (actualSha256 !== sha256) {
    return {
      faults: [`${name}: expected SHA-256 ${sha256}, got ${actualSha256}; the file was changed`],
      top: [],
    };
  }
  const faults: string[] = [];
  let top: UrlCount[] = [];
  let last: Uint8Array | null = null;
  let actualUnique = 0;
  let actualTotal = 0;
  for await (const entry of readBucket(file)) {
    const bytes = encodeWtf8(entry.url);
    if (last !== null && compareBytes(last, bytes) >= 0)
      faults.push(`${name}: ${quote(entry.url)} is out of order`);
    if (partitionOf(bytes, configuration.numBuckets) !== bucket)
      faults.push(`${name}: ${quote(entry.url)} belongs to another bucket`);
    last = bytes;
    actualUnique++;
    actualTotal += entry.count;
    top.push(entry);
    if (top.length > 2 * topCount + 1000) top = top.sort(compareRank).slice(0, topCount);
  }
  if (actualUnique !== unique) faults.push(`${name}: expected ${unique} URLs, got ${actualUnique}`);
  if (actualTotal !== total) faults.push(`${name}: expected counts of ${total} in all, got ${actualTotal}`);
  return { faults, top };
}

function isSameTop(candidates: UrlCount[], { top }: Manifest): boolean {
  const expected = candidates.sort(compareRank).slice(0, top.length);
  return top.every(
    ({ url, count }, index) => expected[index]?.url === url && expected[index]?.count === count,
  );
}

/** The same input and configuration give the same bytes, so checksums are enough to compare counts. */
async function recount(
  manifest: Manifest,
  inputs: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const { numBuckets, urlField, maxLineBytes, maxDecompressedBytes } = manifest.configuration;
  const directory = await mkdtemp(path.join(tmpdir(), 'mapreduce-verify-'));
  try {
    const again = await runLocally({
      inputs,
      out: directory,
      overwrite: false,
      workers: availableParallelism(),
      numBuckets,
      urlField,
      maxLineBytes,
      ...(maxDecompressedBytes === null ? {} : { maxDecompressedBytes }),
      maxBadRatio: 1,
      signal,
    });
    return compareRuns(manifest, again);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function compareRuns(manifest: Manifest, again: Manifest): string[] {
  const sha256ByBucket = new Map(again.outputs.map(({ bucket, sha256 }) => [bucket, sha256]));
  const buckets = new Set([...manifest.outputs, ...again.outputs].map(({ bucket }) => bucket));
  const expected = new Map(manifest.outputs.map(({ bucket, sha256 }) => [bucket, sha256]));
  return [
    ...[...buckets]
      .filter((bucket) => expected.get(bucket) !== sha256ByBucket.get(bucket))
      .map((bucket) => `bucket_${bucket}.json: counting the input again gives other counts`),
    ...(JSON.stringify(manifest.records) === JSON.stringify(again.records)
      ? []
      : [
          `manifest.json: counting the input again gives ${again.records.lines} lines of which ${again.records.bad} are bad`,
        ]),
  ];
}

async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
