import type { RequestCounts } from '@mapreduce/shared-utils';
import type { S3Call } from '@mapreduce/shared-utils/testing';

/** What a server has counted, by what S3 charges. */
export function countRequests(calls: readonly S3Call[]): RequestCounts {
  const count = (...operations: string[]) =>
    calls.filter(({ operation }) => operations.includes(operation)).length;
  const [gets, lists] = [count('GetObject', 'HeadObject'), count('ListObjectsV2')];
  const deletes = count('DeleteObjects');
  return { puts: calls.length - gets - lists - deletes, gets, lists, deletes };
}
