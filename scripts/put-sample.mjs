// Puts the sample data, or files of your own, into the input bucket of a deployment.
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';

const USAGE = `Usage: node scripts/put-sample.mjs --bucket <input bucket> [--prefix events/2025/12/01/] [file ...]

Uploads the files, by default those in samples/access-log, and prints an execution input that names them.
Region, profile and endpoint come from the usual AWS environment variables.`;

const { values, positionals } = parse({
  allowPositionals: true,
  options: {
    bucket: { type: 'string' },
    prefix: { type: 'string', default: 'events/2025/12/01/' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

/** An unknown option asks for the usage, not for a stack trace. */
function parse(config) {
  try {
    return parseArgs(config);
  } catch (error) {
    console.error(`put-sample: ${error.message}`);
    process.exit(1);
  }
}

async function sampleFiles() {
  const folder = fileURLToPath(new URL('../samples/access-log', import.meta.url));
  return (await readdir(folder)).sort().map((name) => path.join(folder, name));
}

async function upload(client, file) {
  const key = values.prefix + path.basename(file);
  const { size } = await stat(file);
  await client.send(
    new PutObjectCommand({
      Bucket: values.bucket,
      Key: key,
      Body: createReadStream(file),
      ContentLength: size,
    }),
  );
  return { bucket: values.bucket, key };
}

if (values.help || values.bucket === undefined) {
  (values.help ? console.log : console.error)(USAGE);
  process.exitCode = values.help ? 0 : 1;
} else {
  const client = new S3Client({ forcePathStyle: process.env.AWS_ENDPOINT_URL !== undefined });
  const inputFiles = [];
  for (const file of positionals.length > 0 ? positionals : await sampleFiles()) {
    inputFiles.push(await upload(client, file));
  }
  console.log(JSON.stringify({ input_files: inputFiles }, null, 2));
}
