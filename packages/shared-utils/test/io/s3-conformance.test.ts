import { ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3';
import { createS3Store } from '../../src/io/s3-store';
import { describeObjectStore } from '../../testing';
import { connectToS3, createBucket, describeS3Wire, versionBucket } from '../../testing/s3';

// Without it, the server of this package is held to the contract that a real one fulfils.
const { S3_CONFORMANCE_ENDPOINT: realEndpoint } = process.env;
const connect = () => connectToS3(realEndpoint);
const name = realEndpoint === undefined ? 'the S3 server of the tests' : `S3 at ${realEndpoint}`;

describeS3Wire(name, connect);

describeObjectStore(name, async () => {
  const endpoint = await connect();
  const client = new S3Client(endpoint.clientConfig);
  const bucket = await createBucket(client);
  const versionedBucket = await createBucket(client);
  await versionBucket(client, versionedBucket);
  const store = createS3Store(endpoint.clientConfig);
  return {
    store,
    bucket,
    versionedBucket,
    countOpenHandles: async () => {
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
      return endpoint.countOpenCalls() + Uploads.length;
    },
    close: async () => {
      store.destroy();
      client.destroy();
      await endpoint.close();
    },
  };
});
