import { S3Client } from '@aws-sdk/client-s3';
import { createS3Store } from '../../src/io/s3-store';
import { describeObjectStore, startS3Server } from '../../testing';

describeObjectStore('S3', async () => {
  const server = await startS3Server({ buckets: ['bucket'] });
  const client = new S3Client({
    endpoint: server.endpoint,
    forcePathStyle: true,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  return {
    store: createS3Store(client),
    bucket: 'bucket',
    countOpenHandles: async () => server.countOpenAnswers() + server.countUploads(),
    close: async () => {
      client.destroy();
      await server.close();
    },
  };
});
