import { createHash } from 'node:crypto';
import type { OutgoingHttpHeaders } from 'node:http';
import type { S3Request } from './request';

/**
 * What goes wrong with one call. One that `isObeyed` has done its work all the same: only the answer is
 * lost, or is an error. Faults of a body leave an answer without one alone.
 */
export type S3Fault =
  /** An error for an answer. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly code: string;
      readonly headers?: OutgoingHttpHeaders;
      readonly isObeyed?: boolean;
    }
  /** The connection is reset before any answer; without `isObeyed` before the request's body is read. */
  | { readonly kind: 'reset'; readonly isObeyed?: boolean }
  /** There is never an answer. */
  | { readonly kind: 'silence'; readonly isObeyed?: boolean }
  /** The body ends after so many bytes, with its connection. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** The body goes no further after so many bytes. */
  | { readonly kind: 'stall'; readonly afterBytes: number }
  /** So many bytes are missing from the end of the body, and `Content-Length` hides it. */
  | { readonly kind: 'short'; readonly byBytes: number }
  /** The body's first byte is another. */
  | { readonly kind: 'flip' }
  /** The answer is right, and late. */
  | { readonly kind: 'late'; readonly ms: number };

/** One call on the server, from its arrival on. */
export interface S3Call extends S3Request {
  /** The first call is number 1. */
  readonly number: number;
  readonly fault: S3Fault | undefined;
  /** Of the answer, once there is one. */
  readonly status: number | undefined;
  /** Of the answer, handed to the connection so far. */
  readonly bodyBytes: number;
}

/** Chooses the fault of a call as it arrives, before its body is read. */
export type S3FaultPlan = (call: S3Call) => S3Fault | undefined;

export const SLOW_DOWN: S3Fault = { kind: 'status', status: 503, code: 'SlowDown' };

/** A fault for calls `from` to `to`, both included, of those that `isMeant` takes. */
export function failCalls(
  {
    from = 1,
    to = Number.POSITIVE_INFINITY,
    isMeant = () => true,
  }: {
    readonly from?: number;
    readonly to?: number;
    readonly isMeant?: (call: S3Call) => boolean;
  },
  fault: S3Fault,
): S3FaultPlan {
  let meant = 0;
  return (call) => {
    if (!isMeant(call)) return undefined;
    meant++;
    return meant >= from && meant <= to ? fault : undefined;
  };
}

/**
 * A share of all calls goes wrong, chosen by the seed and by what the call asks for, and how often it has
 * been asked before: the same for every order in which concurrent calls arrive.
 */
export function failBySeed(seed: number, share: number, faults: readonly S3Fault[]): S3FaultPlan {
  const asked = new Map<string, number>();
  return ({ operation, bucket, objectKey, query, headers }) => {
    const part = query.get('partNumber') ?? headers.range ?? '';
    const what = [operation, bucket, objectKey, part].join('\n');
    const nth = (asked.get(what) ?? 0) + 1;
    asked.set(what, nth);
    const digest = createHash('sha256').update(`${seed}\n${nth}\n${what}`).digest();
    if (digest.readUInt32BE(0) / 2 ** 32 >= share) return undefined;
    return faults[digest.readUInt32BE(4) % faults.length];
  };
}
