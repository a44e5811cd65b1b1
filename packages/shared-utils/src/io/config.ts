import * as v from 'valibot';
import { parseWith } from '../domain/contracts';
import { MAX_PARTITIONS } from '../domain/partition';

const MIB = 1024 * 1024;

const wholeNumber = (min: number, max = Number.MAX_SAFE_INTEGER) =>
  v.pipe(
    v.string(),
    v.regex(/^\d+$/, 'whole number'),
    v.transform(Number),
    v.number(),
    v.minValue(min),
    v.maxValue(max),
  );

const environment = v.object({
  NUM_BUCKETS: v.optional(wholeNumber(1, MAX_PARTITIONS), '32'),
  BUCKET_TEMP: v.pipe(v.string(), v.nonEmpty()),
  BUCKET_OUTPUT: v.pipe(v.string(), v.nonEmpty()),
  OUTPUT_PREFIX: v.optional(v.string(), 'reduce-output'),
  SPLIT_BYTES: v.optional(wholeNumber(1), String(128 * MIB)),
  URL_FIELD: v.optional(v.pipe(v.string(), v.nonEmpty()), 'url'),
  MAX_LINE_BYTES: v.optional(wholeNumber(1, 256 * MIB), String(16 * MIB)),
  TABLE_BYTES: v.optional(wholeNumber(1, 512 * MIB), String(32 * MIB)),
  MAX_DECOMPRESSED_BYTES: v.optional(wholeNumber(0)),
  MAX_BAD_RECORDS: v.optional(wholeNumber(0)),
  MAX_BAD_RATIO: v.optional(
    v.pipe(v.string(), v.nonEmpty(), v.transform(Number), v.number(), v.minValue(0), v.maxValue(1)),
  ),
});

/** The settings of a deployment. An execution's input overrides some of them for its own run. */
export interface StageConfig {
  readonly bucketTemp: string;
  readonly bucketOutput: string;
  readonly outputPrefix: string;
  readonly numBuckets: number;
  readonly splitBytes: number;
  readonly urlField: string;
  readonly maxLineBytes: number;
  /** Memory for distinct URLs in a mapper, before they are emitted as one more run of segments. */
  readonly tableBytes: number;
  readonly maxDecompressedBytes: number | null;
  readonly maxBadRecords: number | null;
  readonly maxBadRatio: number | null;
  /** The engine that counts; the fastest there is where absent. All of them give the same. */
  readonly engine?: 'wasm' | 'reference';
}

/** Reads the settings from environment variables; an empty one counts as absent. @throws InvalidInputError */
export function readConfig(env: Readonly<Record<string, string | undefined>>): StageConfig {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const settings = parseWith('environment', environment, present);
  return {
    bucketTemp: settings.BUCKET_TEMP,
    bucketOutput: settings.BUCKET_OUTPUT,
    outputPrefix: settings.OUTPUT_PREFIX,
    numBuckets: settings.NUM_BUCKETS,
    splitBytes: settings.SPLIT_BYTES,
    urlField: settings.URL_FIELD,
    maxLineBytes: settings.MAX_LINE_BYTES,
    tableBytes: settings.TABLE_BYTES,
    maxDecompressedBytes: settings.MAX_DECOMPRESSED_BYTES ?? null,
    maxBadRecords: settings.MAX_BAD_RECORDS ?? null,
    maxBadRatio: settings.MAX_BAD_RATIO ?? null,
  };
}
