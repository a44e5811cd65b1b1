import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { concatBytes } from '../domain/wtf8';
import type { ObjectRef, ObjectWriter } from './object-store';
import type { S3Attempt } from './s3-errors';

/** S3 takes 10,000 parts of at least 5 MiB: an object may have 78 GiB. */
const PART_BYTES = 8 * 1024 * 1024;

interface Upload {
  readonly id: string | undefined;
  readonly parts: CompletedPart[];
}

/**
 * A small object goes up in one request as it closes; a larger one in parts, one of them on its way while
 * the next is filled. A failure gives the upload up, so that no part of it is kept and paid for.
 */
export function createS3Writer(
  client: S3Client,
  { bucket, objectKey }: ObjectRef,
  attempt: S3Attempt,
): ObjectWriter {
  const target = { Bucket: bucket, Key: objectKey };
  // Named in every step: a completion may list the checksums of its parts only where the upload began with them.
  const checked = { ...target, ChecksumAlgorithm: 'CRC32' } as const;
  let pieces: Uint8Array[] = [];
  let bufferedBytes = 0;
  let upload: Upload | null = null;
  let lastPart: Promise<void> = Promise.resolve();

  const takeBuffered = (): Uint8Array => {
    const bytes = pieces.length === 1 ? (pieces[0] as Uint8Array) : concatBytes(pieces);
    pieces = [];
    bufferedBytes = 0;
    return bytes;
  };

  const sendPart = async ({ id, parts }: Upload, bytes: Uint8Array): Promise<void> => {
    const PartNumber = parts.length + 1;
    const part = new UploadPartCommand({ ...checked, UploadId: id, PartNumber, Body: bytes });
    const { ETag, ChecksumCRC32 } = await attempt((options) => client.send(part, options));
    parts.push({ PartNumber, ETag, ChecksumCRC32 });
  };

  const beginUpload = async (): Promise<Upload> => {
    const create = new CreateMultipartUploadCommand(checked);
    const { UploadId } = await attempt((options) => client.send(create, options));
    return { id: UploadId, parts: [] };
  };

  const beginPart = async (): Promise<void> => {
    upload ??= await beginUpload();
    await lastPart;
    lastPart = sendPart(upload, takeBuffered());
    // Whoever awaits it next hears of its failure; until then it is not an unhandled one.
    lastPart.catch(() => {});
  };

  const finish = async (): Promise<void> => {
    if (upload === null) {
      const put = new PutObjectCommand({ ...target, Body: takeBuffered() });
      await attempt((options) => client.send(put, options));
      return;
    }
    if (bufferedBytes > 0) await beginPart();
    await lastPart;
    const { id, parts } = upload;
    const complete = new CompleteMultipartUploadCommand({
      ...target,
      UploadId: id,
      MultipartUpload: { Parts: parts },
    });
    await attempt((options) => client.send(complete, options));
    upload = null;
  };

  const abort = async (): Promise<void> => {
    takeBuffered();
    await lastPart.catch(() => {});
    lastPart = Promise.resolve();
    if (upload === null) return;
    const command = new AbortMultipartUploadCommand({ ...target, UploadId: upload.id });
    await attempt((options) => client.send(command, options).catch(ignoreNoSuchUpload));
    upload = null;
  };

  const abortOnFailure = async (act: () => Promise<void>): Promise<void> => {
    try {
      await act();
    } catch (error) {
      // What failed first is what the caller must hear of.
      await abort().catch(() => {});
      throw error;
    }
  };

  return {
    async write(bytes) {
      for (let at = 0; at < bytes.length; ) {
        const piece = Uint8Array.from(bytes.subarray(at, at + PART_BYTES - bufferedBytes));
        at += piece.length;
        pieces.push(piece);
        bufferedBytes += piece.length;
        if (bufferedBytes === PART_BYTES) await abortOnFailure(beginPart);
      }
    },
    close: () => abortOnFailure(finish),
    abort,
  };
}

/** It was given up before, or completed by a request whose answer was lost. */
function ignoreNoSuchUpload(error: Error): void {
  if (error.name !== 'NoSuchUpload') throw error;
}
