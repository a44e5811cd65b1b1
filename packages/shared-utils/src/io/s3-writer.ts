import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { concatBytes } from '../domain/wtf8';
import type { ObjectRef, ObjectWriter } from './object-store';
import { callOf, type S3Connection, targetOf } from './s3-connection';
import { required } from './s3-errors';
import { createAttempt } from './s3-retry';

/** S3 takes 10,000 parts of at least 5 MiB: an object may have 78 GiB. */
const PART_BYTES = 8 * 1024 * 1024;

interface Upload {
  readonly id: string;
  readonly parts: CompletedPart[];
}

/**
 * A small object goes up in one request as it closes; a larger one in parts, one of them on its way while
 * the next is filled. A failure gives the upload up, so that no part of it is kept and paid for.
 */
export function createS3Writer(connection: S3Connection, ref: ObjectRef): ObjectWriter {
  const { client } = connection;
  const call = callOf(ref, 's3:PutObject');
  const attempt = createAttempt(connection, call);
  const target = targetOf(ref);
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
    const completed = await attempt(async (options) => {
      const { ETag, ChecksumCRC32 } = await client.send(part, options);
      return { PartNumber, ETag: required(ETag, call, 'an ETag'), ChecksumCRC32 };
    });
    parts.push(completed);
  };

  const beginUpload = async (): Promise<Upload> => {
    const create = new CreateMultipartUploadCommand(checked);
    // An attempt whose answer is lost leaves an upload without parts; the bucket's lifecycle rule ends it.
    return attempt(async (options) => {
      const { UploadId } = await client.send(create, options);
      return { id: required(UploadId, call, 'an UploadId'), parts: [] };
    });
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
    await attempt(async (options, nth) => {
      try {
        await client.send(complete, options);
      } catch (error) {
        if (nth === 1 || !isNoSuchUpload(error)) throw error;
        // An attempt whose answer was lost may have completed it. Whoever may not look is not told, and fails.
        const found = await client.send(new HeadObjectCommand(target), options).catch(() => null);
        if (found?.ETag !== etagOfParts(parts)) throw error;
      }
    });
    upload = null;
  };

  const abort = async (): Promise<void> => {
    takeBuffered();
    await lastPart.catch(() => {});
    lastPart = Promise.resolve();
    if (upload === null) return;
    const command = new AbortMultipartUploadCommand({ ...target, UploadId: upload.id });
    await attempt((options) =>
      client.send(command, options).catch((error) => {
        if (!isNoSuchUpload(error)) throw error;
      }),
    );
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
        const piece = new Uint8Array(bytes.subarray(at, at + PART_BYTES - bufferedBytes));
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
function isNoSuchUpload(error: unknown): boolean {
  return (error as Error).name === 'NoSuchUpload';
}

/** MD5 of the parts' MD5s, and their number. Encrypted by a key of KMS an object has another: then nothing is proved. */
function etagOfParts(parts: readonly CompletedPart[]): string {
  const digests = parts.map(({ ETag = '' }) => Buffer.from(ETag.replaceAll('"', ''), 'hex'));
  return `"${createHash('md5').update(Buffer.concat(digests)).digest('hex')}-${parts.length}"`;
}
