import { InvalidInputError, type ObjectRef, quote, UnsupportedInputError } from '@mapreduce/shared-utils';
import * as v from 'valibot';

/** One of the gzip CSV files that together are the inventory. */
export interface InventoryFile extends ObjectRef {
  /** As stored. */
  readonly size: number;
  /** In lower-case hex, of the bytes as stored. */
  readonly md5: string;
}

export interface InventoryManifest {
  /** The one bucket whose objects are listed. */
  readonly sourceBucket: string;
  /** What each field of a row is, in order: `Bucket`, `Key`, and what else the inventory was set to hold. */
  readonly columns: readonly string[];
  readonly files: readonly InventoryFile[];
}

const text = v.pipe(v.string(), v.nonEmpty());

/** S3 may add fields. */
const manifest = v.object({
  sourceBucket: text,
  destinationBucket: v.pipe(v.string(), v.regex(/^arn:[^:]+:s3:::[^/]+$/)),
  fileFormat: v.string(),
  fileSchema: text,
  files: v.array(
    v.object({
      key: text,
      size: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
      MD5checksum: v.pipe(v.string(), v.regex(/^[\da-f]{32}$/i)),
    }),
  ),
});

/**
 * The `manifest.json` that S3 writes with each inventory. Its files are in the bucket that it names, wherever
 * the manifest itself is.
 * @throws InvalidInputError for anything else, UnsupportedInputError for an inventory in ORC or Parquet
 */
export function parseInventoryManifest(where: string, json: string): InventoryManifest {
  const { sourceBucket, destinationBucket, fileFormat, fileSchema, files } = parseManifest(where, json);
  if (fileFormat !== 'CSV') {
    throw new UnsupportedInputError(
      `${where}: expected an inventory in CSV, got ${quote(fileFormat)}; set the output format of the bucket's inventory configuration to CSV`,
    );
  }
  const bucket = destinationBucket.slice(destinationBucket.lastIndexOf(':') + 1);
  return {
    sourceBucket,
    columns: fileSchema.split(',').map((column) => column.trim()),
    files: files.map(({ key, size, MD5checksum }) => ({
      bucket,
      objectKey: key,
      size,
      md5: MD5checksum.toLowerCase(),
    })),
  };
}

function parseManifest(where: string, json: string): v.InferOutput<typeof manifest> {
  const result = v.safeParse(manifest, parseJson(json), { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const field = v.getDotPath(issue);
  const place = field === null ? '' : `field ${quote(field).slice(1, -1)}: `;
  throw new InvalidInputError(
    `${where}: ${place}expected the manifest.json of an S3 Inventory, got ${quote(issue.received)}; name the manifest.json that S3 wrote`,
  );
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}
