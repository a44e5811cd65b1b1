import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { readRecord } from '@mapreduce/kernel';
import { readLines } from '@mapreduce/mapper';
import {
  CorruptRunError,
  createDirectoryStore,
  createTally,
  EMPTY_TALLY,
  InputChangedError,
  type Manifest,
  type ObjectStore,
  type PinnedObject,
  parseReject,
  quote,
  type RecordTally,
  type Reject,
  TopList,
  type UrlCount,
} from '@mapreduce/shared-utils';
import { findMovedLines, LinesMovedError, type MovedLine } from './moved-lines';
import { readManifest } from './output-reader';

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

export interface ReplayRule {
  /** That of the run where absent. */
  readonly urlField?: string;
  readonly maxLineBytes?: number;
}

export interface Replay {
  /** Bad lines that `rejects/` does not list, of which nothing can be said. */
  readonly unlisted: number;
  /** What the listed ones are now. */
  readonly records: RecordTally;
  /** What counting them would add, by rank. */
  readonly counts: readonly UrlCount[];
}

/**
 * Reads the rejected lines of an output again, after the input or the rule was mended.
 * @throws InputChangedError where a file has changed so that its rejected lines cannot be told from others
 */
export async function replayRejects(out: string, rule: ReplayRule, signal: AbortSignal): Promise<Replay> {
  const manifest = await readManifest(out);
  const rejects = await readRejects(out, manifest);
  const unlisted = manifest.records.bad - rejects.length;
  const store = createDirectoryStore(new Map(manifest.inputs.map(({ bucket }) => [bucket, bucket])));
  const bySource = Map.groupBy(rejects, ({ source }) => source);
  const outcomes = new Outcomes(rule.urlField ?? manifest.configuration.urlField);
  const maxBytes = rule.maxLineBytes ?? manifest.configuration.maxLineBytes;
  for (const input of manifest.inputs) {
    const source = store.uri({ bucket: input.bucket, objectKey: input.key });
    const lines = bySource.get(source) ?? [];
    bySource.delete(source);
    if (lines.length > 0)
      await replayFile(store, input, lines, { maxBytes, isComplete: unlisted === 0, signal }, outcomes);
  }
  const [stranger] = bySource.keys();
  if (stranger !== undefined) {
    throw new CorruptRunError(
      `${out}: rejects/ names ${quote(stranger)}, which the manifest does not; run the job again`,
    );
  }
  return { unlisted, records: outcomes.tally, counts: outcomes.counts };
}

async function readRejects(out: string, { rejects }: Manifest): Promise<Reject[]> {
  const lists = rejects.map(async ({ key }) => {
    const file = path.join(out, 'rejects', path.basename(key));
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    return lines.map((line, index) => parseReject(`${file}: line ${index + 1}`, line));
  });
  return (await Promise.all(lists)).flat();
}

interface ReplayFileOptions {
  readonly maxBytes: number;
  /** Whether all bad lines are listed. */
  readonly isComplete: boolean;
  readonly signal: AbortSignal;
}

async function replayFile(
  store: ObjectStore,
  input: PinnedObject,
  lines: readonly Reject[],
  { maxBytes, isComplete, signal }: ReplayFileOptions,
  outcomes: Outcomes,
): Promise<void> {
  const ref = { bucket: input.bucket, objectKey: input.key };
  const uri = store.uri(ref);
  const { etag, size } = await store.head(ref);
  const isChanged = etag !== input.etag;
  if (isChanged && input.compression !== 'none') throw changed(uri, 'the compressed file that was counted');
  if (isChanged && !isComplete)
    throw changed(uri, 'the file that was counted, since not all of its bad lines are listed');
  const pieces = readLines(
    store,
    { ...input, etag, size, start: 0, end: size },
    { maxDecompressedBytes: null, onBytesRead: () => signal.throwIfAborted() },
  );
  const inOrder = [...lines].sort((a, b) => a.offset - b.offset);
  let grown = 0;
  try {
    // One byte more, so that a line over the limit shows, and three for a byte order mark.
    for await (const line of findMovedLines(pieces, inOrder, maxBytes + 1 + BYTE_ORDER_MARK.length)) {
      outcomes.add(line, maxBytes);
      grown += growthOf(line, input.size);
    }
  } catch (error) {
    if (error instanceof LinesMovedError) throw changed(uri, 'no line to be changed but those in rejects/');
    throw error;
  }
  if (isChanged && input.size + grown !== size) {
    throw changed(uri, `${input.size + grown} bytes if no line was changed but those in rejects/`, `${size}`);
  }
}

/** A last line that had no LF may have been given one. */
function growthOf({ former, length, hasLf }: MovedLine<Reject>, size: number): number {
  const isLfNew = hasLf && former.offset + former.length === size;
  return length - former.length + (isLfNew ? 1 : 0);
}

function changed(uri: string, expected: string, actual = 'another one'): InputChangedError {
  return new InputChangedError(`${uri}: expected ${expected}, got ${actual}; run the job again`);
}

/** What lines are, counted. */
class Outcomes {
  readonly #urlPath: readonly string[];
  readonly #counts = new Map<string, number>();
  readonly #bad = { ...EMPTY_TALLY.badByReason };
  #ok = 0;
  #blank = 0;

  constructor(urlField: string) {
    this.#urlPath = urlField.split('.');
  }

  add({ former, bytes, length }: MovedLine<Reject>, maxBytes: number): void {
    const mark =
      former.offset === 0 && BYTE_ORDER_MARK.every((byte, at) => bytes[at] === byte)
        ? BYTE_ORDER_MARK.length
        : 0;
    if (length - mark > maxBytes) {
      this.#bad.line_too_long++;
      return;
    }
    const outcome = readRecord(bytes.subarray(mark), this.#urlPath);
    if (outcome.kind === 'bad') {
      this.#bad[outcome.reason]++;
    } else if (outcome.kind === 'blank') {
      this.#blank++;
    } else {
      this.#ok++;
      this.#counts.set(outcome.url, (this.#counts.get(outcome.url) ?? 0) + 1);
    }
  }

  get tally(): RecordTally {
    return createTally(this.#ok, this.#blank, this.#bad);
  }

  get counts(): UrlCount[] {
    const ranked = new TopList(this.#counts.size);
    for (const [url, count] of this.#counts) ranked.add({ url, count });
    return ranked.toArray();
  }
}
