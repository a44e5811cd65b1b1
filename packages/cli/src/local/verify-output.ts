import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import {
  compareBytes,
  encodeWtf8,
  imbalances,
  type Manifest,
  type OutputSummary,
  partitionOf,
  quote,
  TopList,
  type UrlCount,
} from '@mapreduce/shared-utils';
import { listBuckets, readBucket, readManifest } from './output-reader';
import { type LocalRunOptions, runLocally } from './run-locally';

export interface Verification {
  readonly manifest: Manifest;
  /** What is wrong, a sentence each; empty when the output can be trusted. */
  readonly faults: readonly string[];
  readonly isRecounted: boolean;
}

/** Enough to see what is wrong with a file. */
const MAX_FAULTS_PER_BUCKET = 10;

/** Told when the recount of the input begins, for progress. */
type OnRecount = NonNullable<LocalRunOptions['onStart']>;

/**
 * Recomputes everything the manifest says from the files beside it; with inputs, counts those again and
 * compares every byte. @throws InputNotFoundError when there is no manifest
 */
export async function verifyOutput(
  out: string,
  inputs: readonly string[],
  signal: AbortSignal,
  onRecount: OnRecount,
): Promise<Verification> {
  const manifest = await readManifest(out);
  const there = new Set(await listBuckets(out));
  const faults = [...verifyLedger(manifest), ...verifyFileList(there, manifest)];
  const top = new TopList(manifest.top.length);
  for (const output of manifest.outputs) {
    if (there.has(path.basename(output.outputKey)))
      faults.push(...(await verifyBucket(out, manifest, output, top, signal)));
  }
  if (faults.length === 0 && !isSameTop(top.toArray(), manifest)) {
    faults.push('manifest.json: top is not what the buckets give');
  }
  if (inputs.length > 0 && faults.length === 0)
    faults.push(...(await recount(manifest, inputs, signal, onRecount)));
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

function verifyFileList(there: ReadonlySet<string>, { outputs }: Manifest): string[] {
  const names = outputs.map(({ outputKey }) => path.basename(outputKey));
  const named = new Set(names);
  return [
    ...names
      .filter(
        (name, index) => names.indexOf(name) !== index || name !== `bucket_${outputs[index]?.bucket}.json`,
      )
      .map((name) => `manifest.json: expected each bucket once, under its own name, got ${quote(name)}`),
    ...[...named].filter((name) => !there.has(name)).map((name) => `${name}: expected a file, got none`),
    ...[...there]
      .filter((name) => !named.has(name))
      .map((name) => `${name}: expected no such file, got one that the manifest does not name`),
  ];
}

/** Returns what is wrong with a bucket, and adds its URLs to the top. */
async function verifyBucket(
  out: string,
  { configuration }: Manifest,
  { bucket, outputKey, sha256, unique, total }: OutputSummary,
  top: TopList,
  signal: AbortSignal,
): Promise<string[]> {
  const name = path.basename(outputKey);
  const file = path.join(out, name);
  const actualSha256 = await hashFile(file, signal);
  if (actualSha256 !== sha256) {
    return [`${name}: expected SHA-256 ${sha256}, got ${actualSha256}; the file was changed`];
  }
  const faults: string[] = [];
  let last: Uint8Array | null = null;
  let actualUnique = 0;
  let actualTotal = 0;
  for await (const entries of readBucket(file, { signal })) {
    for (const entry of entries) {
      const bytes = encodeWtf8(entry.url);
      if (faults.length === MAX_FAULTS_PER_BUCKET) return [...faults, `${name}: and perhaps more`];
      if (last !== null && compareBytes(last, bytes) >= 0)
        faults.push(`${name}: ${quote(entry.url)} is out of order`);
      if (partitionOf(bytes, configuration.numBuckets) !== bucket) {
        faults.push(`${name}: ${quote(entry.url)} belongs to another bucket`);
      }
      last = bytes;
      actualUnique++;
      actualTotal += entry.count;
      top.add(entry);
    }
  }
  if (actualUnique !== unique) faults.push(`${name}: expected ${unique} URLs, got ${actualUnique}`);
  if (actualTotal !== total) faults.push(`${name}: expected counts of ${total} in all, got ${actualTotal}`);
  return faults;
}

function isSameTop(actual: readonly UrlCount[], { top }: Manifest): boolean {
  return top.every(({ url, count }, index) => actual[index]?.url === url && actual[index]?.count === count);
}

/** The same input and configuration give the same bytes, so checksums are enough to compare counts. */
async function recount(
  manifest: Manifest,
  inputs: readonly string[],
  signal: AbortSignal,
  onStart: OnRecount,
): Promise<string[]> {
  const { numBuckets, urlField, maxLineBytes, tableBytes, maxDecompressedBytes } = manifest.configuration;
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
      tableBytes,
      ...(maxDecompressedBytes === null ? {} : { maxDecompressedBytes }),
      maxBadRatio: 1,
      signal,
      onStart,
    });
    return compareRuns(manifest, again);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function compareRuns(manifest: Manifest, again: Manifest): string[] {
  const faults: string[] = [];
  if (manifest.inputs.length !== again.inputs.length || manifest.bytesRead !== again.bytesRead) {
    faults.push(`input: expected ${describeInput(manifest)}, got ${describeInput(again)}`);
  }
  if (JSON.stringify(manifest.records) !== JSON.stringify(again.records)) {
    faults.push(`lines: expected ${describeRecords(manifest)}, got ${describeRecords(again)}`);
  }
  const differing = differingBuckets(manifest, again);
  if (differing.length > 0) {
    const names = `${differing.length} of ${manifest.outputs.length} buckets, bucket_${differing[0]}.json the first`;
    faults.push(`counts: expected the same from counting the input again, got others in ${names}`);
  }
  return faults;
}

function differingBuckets(manifest: Manifest, again: Manifest): number[] {
  const expected = new Map(manifest.outputs.map(({ bucket, sha256 }) => [bucket, sha256]));
  const actual = new Map(again.outputs.map(({ bucket, sha256 }) => [bucket, sha256]));
  const buckets = [...new Set([...expected.keys(), ...actual.keys()])].sort((a, b) => a - b);
  return buckets.filter((bucket) => expected.get(bucket) !== actual.get(bucket));
}

function describeInput({ inputs, bytesRead }: Manifest): string {
  return `${inputs.length} ${inputs.length === 1 ? 'file' : 'files'} of ${bytesRead} bytes`;
}

function describeRecords({ records: { lines, ok, blank, bad } }: Manifest): string {
  return `${lines} = ${ok} ok + ${blank} blank + ${bad} bad`;
}

async function hashFile(file: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { signal })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
