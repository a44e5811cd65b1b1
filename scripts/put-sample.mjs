// Puts the sample data, generated data or files of your own into the input bucket of a deployment.
import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { connectS3, persist, required, runScript, UsageError, wholeNumber } from './command-line.mjs';

const usage = `Usage: node scripts/put-sample.mjs --bucket <input bucket> [--prefix <prefix>] [file ...]
       node scripts/put-sample.mjs --bucket <input bucket> [--prefix <prefix>] --lines <n> [--files <n>]
                                   [--unique <n>] [--seed <n>] [--dirt <r>]

Uploads the files, by default those in samples/access-log, or else what \`mapreduce generate\` writes, and prints an
execution input that names them. What is there under the same keys is replaced.

  --bucket <name>  input bucket
  --prefix <p>     what the keys begin with (default: events/2025/12/01/)
  --lines <n>      generate that many lines in all, of about 200 bytes
  --files <n>      in so many files (default: 1)
  --unique <n>     with that many different URLs (default: a tenth of the lines, at most 10000)
  --seed <n>       seed of the random numbers; the same one gives the same files (default: 1)
  --dirt <r>       share of lines that cannot be counted, 0 to 1 (default: 0)

Exit codes: 0 uploaded, 1 usage, 2 failed. Region, profile and endpoint come from the usual AWS environment variables.`;

/** S3 takes no larger object in one piece. */
const MAX_OBJECT_BYTES = 5 * 1024 ** 3;
const MAX_SEED = 2 ** 31;

async function put({ values, positionals }) {
  const bucket = required(values, 'bucket');
  const client = connectS3();
  const keys = [];
  const upload = async (file, name) => {
    keys.push(await putFile(client, file, bucket, values.prefix + name));
  };
  if (values.lines === undefined) await putFiles(values, positionals, upload);
  else await putGenerated(values, positionals, upload);
  console.log(JSON.stringify({ input_files: keys }, null, 2));
}

async function putFiles(values, positionals, upload) {
  const unused = ['files', 'unique', 'seed', 'dirt'].find((option) => values[option] !== undefined);
  if (unused !== undefined) throw new UsageError(`expected --lines with --${unused}, got nothing`);
  const files = positionals.length > 0 ? positionals : await sampleFiles();
  const names = files.map((file) => path.basename(file));
  const twin = names.find((name, index) => names.indexOf(name) !== index);
  if (twin !== undefined) throw new UsageError(`expected files of different names, got two of "${twin}"`);
  for (const [index, file] of files.entries()) await upload(file, names[index]);
}

async function sampleFiles() {
  const folder = fileURLToPath(new URL('../samples/access-log', import.meta.url));
  return (await readdir(folder)).sort().map((name) => path.join(folder, name));
}

/** One file after the other, so that the local disk holds one at most. */
async function putGenerated(values, positionals, upload) {
  if (positionals.length > 0) throw new UsageError('expected either --lines or files, got both');
  const given = { files: '1', seed: '1', dirt: '0', ...values };
  const lines = wholeNumber(given, 'lines', { min: 1, max: 1e12 });
  const files = wholeNumber(given, 'files', { min: 1, max: 10_000 });
  const seed = wholeNumber(given, 'seed', { min: 0, max: MAX_SEED - files });
  const defaultUnique = Math.max(1, Math.min(10_000, Math.floor(lines / 10)));
  const unique = wholeNumber({ unique: String(defaultUnique), ...values }, 'unique', {
    min: 1,
    max: 2 ** 31,
  });
  const folder = await mkdtemp(path.join(tmpdir(), 'put-sample-'));
  try {
    for (let file = 0; file < files; file++) {
      const name = `generated-${String(file).padStart(String(files - 1).length, '0')}.jsonl`;
      const share = Math.floor(((file + 1) * lines) / files) - Math.floor((file * lines) / files);
      const local = path.join(folder, name);
      await generate({ lines: share, unique, seed: seed + file, dirt: given.dirt, out: local });
      await upload(local, name);
      await rm(local);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** As the command line does. What it has to say about an option, it says itself. */
async function generate(options) {
  const mapreduce = fileURLToPath(new URL('mapreduce.mjs', import.meta.url));
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn(process.execPath, [mapreduce, 'generate', ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code === 1) throw new UsageError('expected options that `mapreduce generate` takes, got others');
  if (code !== 0) throw new Error(`expected \`mapreduce generate\` to succeed, got exit code ${code}`);
}

async function putFile(client, file, bucket, key) {
  const { size } = await stat(file);
  if (size > MAX_OBJECT_BYTES) {
    throw new Error(`${file}: expected at most 5 GiB, got ${size} bytes; use more --files, or the AWS CLI`);
  }
  await persist(() => {
    const Body = createReadStream(file);
    return client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body, ContentLength: size }));
  });
  return { bucket, key };
}

const text = { type: 'string' };
await runScript(
  {
    name: 'put-sample',
    usage,
    allowPositionals: true,
    options: {
      bucket: text,
      prefix: { type: 'string', default: 'events/2025/12/01/' },
      lines: text,
      files: text,
      unique: text,
      seed: text,
      dirt: text,
    },
  },
  put,
);
