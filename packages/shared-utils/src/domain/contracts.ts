/**
 * Every shape that crosses a process: events, results, and the objects of a run. This is the only module
 * that knows the wire: documents are snake_case there and camelCase here, and nothing is trusted until
 * one of the `parse…` functions has returned it.
 */
import * as v from 'valibot';
import { CorruptRunError, InvalidInputError } from './errors';
import { REJECT_REASONS } from './ledger';
import { HASH_VERSION, MAX_PARTITIONS } from './partition';
import { quote, truncate } from './quote';

/** Version of the documents and of the shuffle object; a run is read only by the version that wrote it. */
export const FORMAT_VERSION = 1;

/** Step Functions allows 80 characters in a name; S3 keys and file names hold the rest. */
const RUN_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const text = v.pipe(v.string(), v.nonEmpty());
const runId = v.pipe(v.string(), v.regex(RUN_ID, 'run id'));
const partitionCount = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_PARTITIONS));
const ratio = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const reason = v.picklist(REJECT_REASONS);

const inputFile = v.strictObject({ bucket: text, key: text, versionId: v.optional(text) });
const inputPrefix = v.strictObject({ bucket: text, prefix: v.string(), suffix: v.optional(v.string()) });

/** With a zone; `Date.parse` would take 30 February for 2 March. */
const instant = v.pipe(v.string(), v.isoTimestamp(), v.check(isOnCalendar));
/** Takes what an S3 Inventory lists; of the times, the first is the earliest and the second is too late. */
const inventory = v.strictObject({
  manifest: v.strictObject({ bucket: text, key: text }),
  prefix: v.optional(v.string()),
  suffix: v.optional(v.string()),
  modifiedFrom: v.optional(instant),
  modifiedBefore: v.optional(instant),
});
export type InventoryInput = v.InferOutput<typeof inventory>;

const executionInput = v.strictObject({
  inputFiles: v.optional(v.array(inputFile)),
  inputPrefixes: v.optional(v.array(inputPrefix)),
  inventory: v.optional(inventory),
  runId: v.optional(runId),
  numBuckets: v.optional(partitionCount),
  outputPrefix: v.optional(v.string()),
  urlField: v.optional(text),
  maxBadRecords: v.optional(count),
  maxBadRatio: v.optional(ratio),
});
export type ExecutionInput = v.InferOutput<typeof executionInput>;

const plannerEvent = v.strictObject({
  input: v.unknown(),
  executionId: text,
  machine: v.picklist(['express', 'batch', 'local']),
});
export type PlannerEvent = v.InferOutput<typeof plannerEvent>;
/** The tasks by number; for the batch machine, whose input may hold no long list, where those of Map stand. */
export type PlannerResult =
  | { readonly runId: string; readonly splits: readonly number[] }
  | {
      readonly runId: string;
      readonly tempBucket: string;
      readonly splitsKey: string;
      readonly splitCount: number;
      readonly groups: readonly number[];
      readonly partitions: readonly number[];
    };

const mapperEvent = v.strictObject({ runId, split: count });
export type MapperEvent = v.InferOutput<typeof mapperEvent>;
export interface MapperResult {
  readonly split: number;
}

const groupingEvent = v.strictObject({ runId, group: count });
export type GroupingEvent = v.InferOutput<typeof groupingEvent>;
export interface GroupingResult {
  readonly group: number;
  /** Those of which the group has something. */
  readonly partitions: readonly number[];
}

const reducerEvent = v.strictObject({ runId, partition: count });
export type ReducerEvent = v.InferOutput<typeof reducerEvent>;
export interface ReducerResult {
  readonly outputBucket: string;
  readonly outputKey: string;
}

const committerEvent = v.strictObject({ runId });
export type CommitterEvent = v.InferOutput<typeof committerEvent>;
export interface CommitterResult {
  readonly manifestBucket: string;
  readonly manifestKey: string;
  readonly lines: number;
  readonly unique: number;
  readonly total: number;
}

/** What a run was told to do; fixed by the planner, read by every later stage, kept in the manifest. */
const runConfiguration = v.strictObject({
  numBuckets: partitionCount,
  urlField: text,
  splitBytes: v.pipe(count, v.minValue(1)),
  maxLineBytes: v.pipe(count, v.minValue(1)),
  tableBytes: v.pipe(count, v.minValue(1)),
  maxDecompressedBytes: v.nullable(count),
  maxBadRecords: v.nullable(count),
  maxBadRatio: v.nullable(ratio),
  outputBucket: text,
  /** Ends with `/` unless it is empty. */
  outputPrefix: v.string(),
});
export type RunConfiguration = v.InferOutput<typeof runConfiguration>;

export const COMPRESSIONS = ['none', 'gzip', 'zstd'] as const;
export type Compression = (typeof COMPRESSIONS)[number];

/** An input object, pinned: no other bytes than these are read under its name. */
const pinnedObject = v.strictObject({
  bucket: text,
  key: text,
  etag: text,
  versionId: v.optional(text),
  size: count,
  compression: v.picklist(COMPRESSIONS),
});
export type PinnedObject = v.InferOutput<typeof pinnedObject>;

/** The lines of one object that begin at a byte in `[start, end)`. Compressed objects are never cut. */
const inputRange = v.strictObject({ ...pinnedObject.entries, start: count, end: count });
export type InputRange = v.InferOutput<typeof inputRange>;

/** The work of one mapper: one range of a large object, or many small objects. */
const inputSplit = v.strictObject({ split: count, ranges: v.array(inputRange) });
export type InputSplit = v.InferOutput<typeof inputSplit>;

const plan = v.strictObject({
  version: v.literal(FORMAT_VERSION),
  runId,
  executionId: text,
  startedAt: text,
  configuration: runConfiguration,
  fingerprint: text,
  plannedBytes: count,
  inputCount: count,
  splitCount: count,
  /** Ranges of splits, each grouped by one task; all but the last equally long. */
  groupCount: v.pipe(count, v.minValue(1)),
  /** One `InputSplit` a line. */
  splitsKey: text,
  /** The byte offset of each of those lines, and the end of the last: 64-bit little-endian. */
  splitIndexKey: text,
  /** One `PinnedObject` a line, the empty ones too. */
  inputsKey: text,
});
export type Plan = v.InferOutput<typeof plan>;

const tally = v.strictObject({
  lines: count,
  ok: count,
  blank: count,
  bad: count,
  badByReason: v.strictObject(
    Object.fromEntries(REJECT_REASONS.map((name) => [name, count])) as Record<
      (typeof REJECT_REASONS)[number],
      typeof count
    >,
  ),
});

/** A line that was not counted, in replayable form: where it is, and a sample that is safe to print. */
const reject = v.strictObject({
  /** The object's URI. */
  source: text,
  /** Byte offset of the line in the object; in its decompressed bytes where it is compressed. */
  offset: count,
  /** Bytes of the line without its LF. */
  length: count,
  reason,
  /** At most 200 characters, unprintable ones escaped. */
  snippet: v.string(),
});
export type Reject = v.InferOutput<typeof reject>;

/** A byte range of a shuffle object: one mapper's counts for one partition. */
const segment = v.strictObject({ key: text, offset: count, length: count });
export type Segment = v.InferOutput<typeof segment>;

const rejectsObject = v.strictObject({ split: count, key: text, written: count });
export type RejectsObject = v.InferOutput<typeof rejectsObject>;

/** Makes an attempt at a split count: whoever creates it first has done the split. */
const mapCommit = v.strictObject({
  version: v.literal(FORMAT_VERSION),
  runId,
  split: count,
  attempt: text,
  fingerprint: text,
  /** The one object that holds all of its segments; written only if there are any. */
  shuffleKey: text,
  segments: v.array(v.strictObject({ partition: count, offset: count, length: count })),
  bytesRead: count,
  records: tally,
  rejects: v.nullable(rejectsObject),
  firstReject: v.nullable(reject),
});
export type MapCommit = v.InferOutput<typeof mapCommit>;

/** What one group of splits has for one partition: a line of the group's list. */
const partitionSegments = v.strictObject({
  version: v.literal(FORMAT_VERSION),
  runId,
  group: count,
  partition: count,
  fingerprint: text,
  segments: v.array(segment),
});
export type PartitionSegments = v.InferOutput<typeof partitionSegments>;

/** What grouping found in the commit records of a group, so that the committer need not read them again. */
const groupSummary = v.strictObject({
  version: v.literal(FORMAT_VERSION),
  runId,
  group: count,
  fingerprint: text,
  partitions: v.array(count),
  bytesRead: count,
  records: tally,
  rejects: v.array(rejectsObject),
  firstReject: v.nullable(reject),
});
export type GroupSummary = v.InferOutput<typeof groupSummary>;

const urlCount = v.strictObject({ url: v.string(), count });
export type UrlCount = v.InferOutput<typeof urlCount>;

const output = v.strictObject({
  bucket: count,
  outputBucket: text,
  outputKey: text,
  unique: count,
  total: count,
  sha256: v.pipe(v.string(), v.hexadecimal(), v.length(64)),
});
export type OutputSummary = v.InferOutput<typeof output>;

/** Makes an attempt at a partition count, as `MapCommit` does for a split. */
const reduceCommit = v.strictObject({
  version: v.literal(FORMAT_VERSION),
  runId,
  partition: count,
  attempt: text,
  fingerprint: text,
  output,
  top: v.array(urlCount),
});
export type ReduceCommit = v.InferOutput<typeof reduceCommit>;

/** The commit record of the whole run, written last: without it there is no result. */
const manifest = v.strictObject({
  version: v.literal(FORMAT_VERSION),
  runId,
  configuration: v.strictObject({ ...runConfiguration.entries, hashVersion: text }),
  inputs: v.array(pinnedObject),
  bytesRead: count,
  records: tally,
  counts: v.strictObject({ unique: count, total: count }),
  outputs: v.array(output),
  rejects: v.array(rejectsObject),
  top: v.array(urlCount),
  timings: v.strictObject({ startedAt: text, finishedAt: text, elapsedMs: count }),
});
export type Manifest = v.InferOutput<typeof manifest>;

export const parseExecutionInput = eventParser('execution input', executionInput);
export const parsePlannerEvent = eventParser('planner event', plannerEvent);
export const parseMapperEvent = eventParser('mapper event', mapperEvent);
export const parseGroupingEvent = eventParser('grouping event', groupingEvent);
export const parseReducerEvent = eventParser('reducer event', reducerEvent);
export const parseCommitterEvent = eventParser('committer event', committerEvent);

export const parsePlan = documentParser(plan);
export const parseInputSplit = documentParser(inputSplit);
export const parsePinnedObject = documentParser(pinnedObject);
export const parseMapCommit = documentParser(mapCommit);
export const parsePartitionSegments = documentParser(partitionSegments);
export const parseGroupSummary = documentParser(groupSummary);
export const parseReduceCommit = documentParser(reduceCommit);
export const parseManifest = documentParser(manifest);
export const parseReject = documentParser(reject);

/** A document as it goes over the wire: JSON with snake_case names, compact or indented for people. */
export function formatDocument(document: object, indent = 0): string {
  return JSON.stringify(toWire(document), null, indent);
}

/** The same as a value, for a handler's result. */
export function toWire(value: unknown): unknown {
  return renameFields(value, toSnakeCase);
}

/** Equal for two runs, or two stages of one run, exactly when their counts may be merged. */
export function fingerprintOf(configuration: RunConfiguration): string {
  const { numBuckets, urlField, maxLineBytes } = configuration;
  return `format=${FORMAT_VERSION} hash=${HASH_VERSION} num_buckets=${numBuckets} url_field=${JSON.stringify(urlField)} max_line_bytes=${maxLineBytes}`;
}

/** Validates any value against a schema. @throws InvalidInputError naming the field. */
export function parseWith<Schema extends v.GenericSchema>(
  where: string,
  schema: Schema,
  value: unknown,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  throw new InvalidInputError(`${where}: ${describeIssue(result.issues[0])}`);
}

type Schema = v.GenericSchema;

function eventParser<S extends Schema>(where: string, schema: S): (value: unknown) => v.InferOutput<S> {
  return (value) => parseWith(where, schema, renameFields(value, toCamelCase));
}

/** Reads a document of the wire. @throws CorruptRunError naming the field */
export function documentParser<S extends Schema>(
  schema: S,
): (where: string, json: string) => v.InferOutput<S> {
  return (where, json) => {
    const result = v.safeParse(schema, renameFields(parseJson(where, json), toCamelCase), {
      abortEarly: true,
    });
    if (result.success) return result.output;
    throw new CorruptRunError(`${where}: ${describeIssue(result.issues[0])}`);
  };
}

function parseJson(where: string, json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new CorruptRunError(`${where}: expected JSON, got ${quote(json)}`, { cause });
  }
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = (issue.path ?? []).map(({ key }) =>
    typeof key === 'number' ? `[${key}]` : `.${toSnakeCase(String(key))}`,
  );
  const field = path.length === 0 ? '' : `field ${quote(path.join('').replace(/^\./, '')).slice(1, -1)}: `;
  if (issue.expected === 'never') return `${field}unknown field; remove it or check its spelling`;
  if (issue.received === 'undefined') return `${field}expected a value, got nothing`;
  const received = truncate(issue.received, 120);
  return `${field}expected ${describeExpected(issue)}, got ${quote(received).slice(1, -1)}`;
}

function describeExpected(issue: v.BaseIssue<unknown>): string {
  if (issue.kind === 'schema') return issue.expected?.toLowerCase() ?? 'another value';
  if (issue.type === 'regex') return `${issue.message} of letters, digits, ".", "_" and "-"`;
  if (issue.type === 'non_empty') return 'a non-empty string';
  if (issue.type === 'integer' || issue.type === 'safe_integer') return 'an integer';
  if (issue.type === 'iso_timestamp' || issue.type === 'check') return 'a time like 2025-12-01T00:00:00Z';
  return `a value ${issue.expected}`;
}

function isOnCalendar(timestamp: string): boolean {
  const day = timestamp.slice(0, 10);
  const isDay = new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
  return isDay && !Number.isNaN(Date.parse(timestamp));
}

/** Field names change case; the keys of `badByReason` are data and stay. */
function renameFields(value: unknown, rename: (name: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => renameFields(item, rename));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      rename(name),
      toSnakeCase(name) === 'bad_by_reason' ? field : renameFields(field, rename),
    ]),
  );
}

function toCamelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function toSnakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
