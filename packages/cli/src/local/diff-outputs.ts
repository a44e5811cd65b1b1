import path from 'node:path';
import { type Manifest, quote, TopList, type UrlCount } from '@mapreduce/shared-utils';
import type { ChangeKind } from './change-kinds';
import { type BucketSide, type JoinedCount, joinBuckets } from './join-buckets';
import { type ReadBucketOptions, readOutput, readWholeManifest } from './output-reader';

interface UrlChange {
  readonly url: string;
  readonly kind: ChangeKind;
  readonly before: number;
  readonly after: number;
}

export interface OutputDiff {
  readonly before: Manifest['counts'];
  readonly after: Manifest['counts'];
  /** How many URLs there are of each kind, and how many are the same. */
  readonly urls: Readonly<Record<ChangeKind | 'same', number>>;
  /** The greatest changes first, then by UTF-8 bytes. */
  readonly changes: readonly UrlChange[];
  /** Why the two may not compare: settings in which their runs differed. */
  readonly differences: readonly string[];
}

export interface DiffOptions {
  /** The most changes that are named; the others are counted. */
  readonly limit: number;
  /** The kinds that are named. */
  readonly only: readonly ChangeKind[];
  readonly signal: AbortSignal;
}

/** Buckets that are read together have so much in pieces, and each no more than that of one that is read alone. */
const PIECES_BYTES = 16 * 1024 * 1024;
const MAX_PIECE_BYTES = 64 * 1024;

interface Side {
  readonly side: BucketSide['side'];
  readonly out: string;
  readonly manifest: Manifest;
}

type Ranked = UrlCount & { readonly change: UrlChange };

/**
 * What is new, gone, risen or fallen between two outputs, by merging their sorted buckets in constant memory.
 * @throws InputNotFoundError where there is no output, CorruptRunError where one is not as its manifest says
 */
export async function diffOutputs(
  before: string,
  after: string,
  { limit, only, signal }: DiffOptions,
): Promise<OutputDiff> {
  const sides: [Side, Side] = [
    { side: 'before', out: before, manifest: await readWholeManifest(before) },
    { side: 'after', out: after, manifest: await readWholeManifest(after) },
  ];
  const urls = { new: 0, gone: 0, risen: 0, fallen: 0, same: 0 };
  const greatest = new TopList<Ranked>(limit);
  const add = ({ url, before, after }: JoinedCount) => {
    const kind = kindOf(before, after);
    urls[kind]++;
    if (kind === 'same' || !only.includes(kind)) return;
    greatest.add({ url, count: Math.abs(after - before), change: { url, kind, before, after } });
  };
  for (const buckets of groups(...sides, signal)) await joinBuckets(buckets, add);
  const [old, recent] = sides.map(({ manifest }) => manifest) as [Manifest, Manifest];
  return {
    before: old.counts,
    after: recent.counts,
    urls,
    changes: greatest.toArray().map(({ change }) => change),
    differences: differencesOf(old, recent),
  };
}

function kindOf(before: number, after: number): ChangeKind | 'same' {
  if (before === after) return 'same';
  if (before === 0) return 'new';
  if (after === 0) return 'gone';
  return after > before ? 'risen' : 'fallen';
}

/** Buckets that hold the same URLs: one by one where both were cut alike, else all together. */
function* groups(before: Side, after: Side, signal: AbortSignal): Generator<BucketSide[]> {
  const all = [...bucketsOf(before), ...bucketsOf(after)];
  if (!isCutAlike(before.manifest, after.manifest)) {
    const pieceBytes = Math.min(Math.floor(PIECES_BYTES / Math.max(all.length, 1)), MAX_PIECE_BYTES);
    yield all.map(({ open }) => open({ signal, pieceBytes }));
    return;
  }
  for (let bucket = 0; bucket < before.manifest.configuration.numBuckets; bucket++) {
    yield all.filter((each) => each.bucket === bucket).map(({ open }) => open({ signal }));
  }
}

function bucketsOf({ side, out, manifest }: Side) {
  return manifest.outputs.map((output) => ({
    bucket: output.bucket,
    open: (options: ReadBucketOptions): BucketSide => ({
      side,
      name: path.join(out, path.basename(output.outputKey)),
      batches: readOutput(out, output, options),
    }),
  }));
}

function isCutAlike({ configuration: a }: Manifest, { configuration: b }: Manifest): boolean {
  return a.numBuckets === b.numBuckets && a.hashVersion === b.hashVersion;
}

function differencesOf({ configuration: a }: Manifest, { configuration: b }: Manifest): string[] {
  const settings = [
    ['url_field', a.urlField, b.urlField],
    ['max_line_bytes', a.maxLineBytes, b.maxLineBytes],
  ] as const;
  return settings
    .filter(([, before, after]) => before !== after)
    .map(([name, before, after]) => `${name} is ${shown(before)} in one and ${shown(after)} in the other`);
}

/** An output may be anybody's. */
function shown(setting: string | number): string {
  return typeof setting === 'string' ? quote(setting) : String(setting);
}
