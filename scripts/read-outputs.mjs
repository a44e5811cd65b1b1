// Copies the output of a run from the output bucket into a directory, which `mapreduce top` and the others read.
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import {
  connectS3,
  messageOf,
  persist,
  printable,
  readJson,
  required,
  runScript,
  UsageError,
} from './command-line.mjs';

const usage = `Usage: node scripts/read-outputs.mjs --execution <file.json> --out <directory>
       node scripts/read-outputs.mjs --bucket <output bucket> --prefix <prefix> --out <directory>

Copies manifest.json, the bucket files that it names, each held against its SHA-256, and the rejects. The directory is
made; it must be empty. manifest.json is written last: without it the copy is not whole.

  --execution <file>  what start-execution.mjs has printed, or the output of a batch execution; - for standard input
  --bucket <name>     output bucket
  --prefix <p>        where the run's manifest.json is: reduce-output/<run id>/, or the run's output_prefix
  --out <directory>   where to put the copy

Exit codes: 0 copied, 1 usage, 2 failed. Region, profile and endpoint come from the usual AWS environment variables.`;

const CONCURRENT_READS = 8;

async function read({ values }) {
  const out = required(values, 'out');
  const { bucket, prefix } = await findOutput(values);
  const client = connectS3();
  const json = await readManifest(client, bucket, `${prefix}manifest.json`);
  const manifest = JSON.parse(json);
  await requireEmpty(out);
  const copies = [
    ...manifest.outputs.map(({ output_bucket, output_key, sha256 }) => {
      return {
        bucket: output_bucket,
        key: output_key,
        file: nameOf(output_key, /^bucket_\d+\.json$/),
        sha256,
      };
    }),
    ...manifest.rejects.map(({ key }) => {
      return { bucket, key, file: path.join('rejects', nameOf(key, /^\d+\.jsonl$/)) };
    }),
  ];
  if (manifest.rejects.length > 0) await mkdir(path.join(out, 'rejects'));
  const next = copies.values();
  const lane = async () => {
    for (const copy of next) await copyObject(client, copy, out);
  };
  await Promise.all(Array.from({ length: CONCURRENT_READS }, lane));
  await writeFile(path.join(out, 'manifest.json'), json);
  const { counts, outputs, run_id } = manifest;
  console.log(
    `Copied run ${printable(run_id)}: ${counts.unique} URLs in ${outputs.length} files, counts sum to ${counts.total}.`,
  );
  console.log(`See them with: npx -y pnpm@10 mapreduce top ${out}`);
}

/** Of an execution's output: one file, or the manifest, names the place of all. */
async function findOutput(values) {
  if (values.execution === undefined) {
    const prefix = required(values, 'prefix');
    return {
      bucket: required(values, 'bucket'),
      prefix: `${prefix.replace(/\/+$/, '')}/`.replace(/^\/$/, ''),
    };
  }
  if (values.bucket !== undefined || values.prefix !== undefined) {
    throw new UsageError('expected either --execution or --bucket and --prefix, got both');
  }
  const { value } = await readJson(values.execution);
  const first = Array.isArray(value) ? value[0] : value;
  if (Array.isArray(value) && first === undefined) {
    throw new Error(
      `${values.execution}: expected the output of an execution that counted something, got an empty one; use --bucket and --prefix`,
    );
  }
  const bucket = first?.output_bucket ?? first?.manifest_bucket;
  const key = first?.output_key ?? first?.manifest_key;
  if (typeof bucket === 'string' && typeof key === 'string') {
    return { bucket, prefix: key.slice(0, key.lastIndexOf('/') + 1) };
  }
  throw new Error(`${values.execution}: expected the output of an execution, got another document`);
}

async function readManifest(client, bucket, key) {
  try {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return await Body.transformToString();
  } catch (error) {
    if (error.name !== 'NoSuchKey') throw error;
    throw new Error(
      `s3://${bucket}/${key}: expected the manifest of a finished run, got none; the run failed, is not over, or has another prefix`,
      { cause: error },
    );
  }
}

async function requireEmpty(out) {
  await mkdir(out, { recursive: true });
  if ((await readdir(out)).length === 0) return;
  throw new Error(`${out}: expected an empty directory, got one with files in it; choose another --out`);
}

/** Names come from the bucket: nothing is written but what an output is made of. */
function nameOf(key, form) {
  const name = path.posix.basename(key);
  if (form.test(name)) return name;
  throw new Error(`${printable(key)}: expected a key of an output, got another; was the manifest changed?`);
}

async function copyObject(client, { bucket, key, file, sha256 }, out) {
  const command = new GetObjectCommand({ Bucket: bucket, Key: key });
  try {
    await persist(async () => {
      const { Body } = await client.send(command);
      const hash = createHash('sha256');
      const hashed = async function* (pieces) {
        for await (const piece of pieces) {
          hash.update(piece);
          yield piece;
        }
      };
      await pipeline(Body, hashed, createWriteStream(path.join(out, file)));
      const actual = hash.digest('hex');
      if (sha256 !== undefined && actual !== sha256) {
        throw new Error(`expected SHA-256 ${sha256}, got ${actual}; it is not what the run wrote`);
      }
    });
  } catch (error) {
    throw new Error(`s3://${bucket}/${key}: ${messageOf(error)}`, { cause: error });
  }
}

const text = { type: 'string' };
await runScript(
  { name: 'read-outputs', usage, options: { execution: text, bucket: text, prefix: text, out: text } },
  read,
);
