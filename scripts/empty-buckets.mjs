// Empties the buckets of a deployment, so that its stack can be deleted or its data is gone.
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import {
  AbortMultipartUploadCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
} from '@aws-sdk/client-s3';
import { connectS3, messageOf, printable, runScript, UsageError } from './command-line.mjs';

const usage = `Usage: node scripts/empty-buckets.mjs [--yes] <bucket> ...
       node scripts/empty-buckets.mjs [--yes] --stack <name>

Says what is in the buckets: objects with all their versions, delete markers, and uploads that were never completed.
With --yes it deletes all of that for good, the results of all runs included.

  --stack <name>  the buckets that this stack has created. Buckets of your own that it was given (the input bucket,
                  ExistingTempBucket, ExistingOutputBucket) are left alone: they are emptied by name only.
  --yes           delete

Exit codes: 0 done, 1 usage, 2 failed. Region, profile and endpoint come from the usual AWS environment variables.`;

/** Outputs that name a bucket, with the parameter that names it instead where the stack has not created it. */
const BUCKETS = { TempBucketName: 'ExistingTempBucket', OutputBucketName: 'ExistingOutputBucket' };

async function empty({ values, positionals }) {
  const buckets = new Set([...positionals, ...(await createdBuckets(values.stack))]);
  if (buckets.size === 0) throw new UsageError('expected buckets or --stack, got neither');
  const client = connectS3();
  for (const bucket of buckets) {
    const found = await visitBucket(client, bucket, values.yes).catch((error) => {
      throw new Error(`s3://${bucket}: ${messageOf(error)}`, { cause: error });
    });
    console.log(`s3://${bucket}: ${values.yes ? 'deleted' : 'has'} ${describe(found)}`);
    for (const key of values.yes ? [] : found.sample) console.log(`  ${printable(key)}`);
  }
  if (!values.yes) console.log('Nothing was deleted; add --yes to delete all of it for good.');
}

async function createdBuckets(name) {
  if (name === undefined) return [];
  const { Stacks: [stack] = [] } = await new CloudFormationClient().send(
    new DescribeStacksCommand({ StackName: name }),
  );
  const given = new Map(stack?.Parameters?.map((each) => [each.ParameterKey, each.ParameterValue]));
  const outputs = new Map(stack?.Outputs?.map((each) => [each.OutputKey, each.OutputValue]));
  const named = Object.keys(BUCKETS).filter((output) => outputs.has(output));
  // A root stack of this project has all of them: without its parameters nobody could say whose a bucket is.
  if (named.length === 0 || named.some((output) => !given.has(BUCKETS[output]))) {
    throw new Error(
      `stack ${printable(name)}: expected the root stack of this project, got another; name the buckets instead`,
    );
  }
  const created = named.filter((output) => given.get(BUCKETS[output]) === '');
  if (created.length > 0) return created.map((output) => outputs.get(output));
  throw new Error(
    `stack ${printable(name)}: expected buckets that it has created, got none; name the buckets`,
  );
}

function describe({ versions, markers, uploads, bytes }) {
  if (versions + markers + uploads === 0) return 'nothing';
  return `${versions} versions of objects (${bytes} bytes), ${markers} delete markers, ${uploads} unfinished uploads`;
}

/** A page at a time, so that a bucket of any size takes no more memory than one. */
async function visitBucket(client, bucket, isToDelete) {
  const found = { versions: 0, markers: 0, uploads: 0, bytes: 0, sample: [] };
  for await (const { versions, markers } of listVersions(client, bucket)) {
    found.versions += versions.length;
    found.markers += markers.length;
    found.bytes += versions.reduce((sum, { Size = 0 }) => sum + Size, 0);
    found.sample.push(...versions.map(({ Key }) => Key).slice(0, 5 - found.sample.length));
    if (isToDelete) await deleteVersions(client, bucket, [...versions, ...markers]);
  }
  for await (const upload of listUploads(client, bucket)) {
    found.uploads++;
    if (isToDelete) await abortUpload(client, bucket, upload);
  }
  return found;
}

async function* listVersions(client, Bucket) {
  for (let markers = {}; markers !== null; ) {
    const page = await client.send(
      new ListObjectVersionsCommand({ Bucket, EncodingType: 'url', ...markers }),
    );
    const decode = decoderOf(page);
    const decodeAll = (items = []) => items.map((item) => ({ ...item, Key: decode(item.Key) }));
    markers = page.IsTruncated
      ? { KeyMarker: decode(page.NextKeyMarker), VersionIdMarker: page.NextVersionIdMarker }
      : null;
    yield { versions: decodeAll(page.Versions), markers: decodeAll(page.DeleteMarkers) };
  }
}

async function* listUploads(client, Bucket) {
  for (let markers = {}; markers !== null; ) {
    const page = await client.send(
      new ListMultipartUploadsCommand({ Bucket, EncodingType: 'url', ...markers }),
    );
    const decode = decoderOf(page);
    markers = page.IsTruncated
      ? { KeyMarker: decode(page.NextKeyMarker), UploadIdMarker: page.NextUploadIdMarker }
      : null;
    for (const { Key, UploadId } of page.Uploads ?? []) yield { Key: decode(Key), UploadId };
  }
}

/** XML cannot hold every key, so they are asked for form-encoded; not every server can do that. */
function decoderOf({ EncodingType }) {
  if (EncodingType !== 'url') return (key) => key;
  return (key) => decodeURIComponent(key.replaceAll('+', ' '));
}

async function deleteVersions(client, Bucket, versions) {
  for (let at = 0; at < versions.length; at += 1000) {
    const Objects = versions.slice(at, at + 1000).map(({ Key, VersionId }) => ({ Key, VersionId }));
    const { Errors = [] } = await client.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
    );
    // The request succeeds even where none of its objects was deleted.
    if (Errors.length > 0) {
      const [{ Key, Code, Message }] = Errors;
      throw new Error(
        `expected all objects to be deleted, got ${Errors.length} refused, the first ${Key} (${Code}: ${Message})`,
      );
    }
  }
}

async function abortUpload(client, Bucket, upload) {
  try {
    await client.send(new AbortMultipartUploadCommand({ Bucket, ...upload }));
  } catch (error) {
    // Completed or aborted meanwhile.
    if (error.name !== 'NoSuchUpload') throw error;
  }
}

await runScript(
  {
    name: 'empty-buckets',
    usage,
    allowPositionals: true,
    options: { stack: { type: 'string' }, yes: { type: 'boolean', default: false } },
  },
  empty,
);
