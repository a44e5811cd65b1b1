import {
  InputChangedError,
  InputNotFoundError,
  InvalidInputError,
  isPipelineError,
  StoreAccessError,
  StoreUnavailableError,
  UnsupportedInputError,
} from '../domain/errors';

/** What is known of a failed call: its place for people, and the permission that it needs. */
export interface S3Call {
  readonly where: string;
  readonly permission: string;
}

/** The parts of an SDK error that matter here; without an answer there is no status. */
interface S3Failure {
  readonly name: string;
  readonly message: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
}

const CREDENTIAL_ERRORS = [
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidAccessKeyId',
  'InvalidToken',
  'SignatureDoesNotMatch',
  'TokenProviderError',
];

/** Not the status but the name says that a later call may succeed. */
const PASSING_ERRORS = [
  'AbortError',
  // What arrived is not what was sent.
  'BadDigest',
  'IncompleteBody',
  'NoSuchUpload',
  // The SDK has set its clock by the answer.
  'RequestTimeTooSkewed',
  'RequestTimeout',
  'SlowDown',
  'TimeoutError',
  'XAmzContentChecksumMismatch',
  'XAmzContentSHA256Mismatch',
];

/** The pipeline's error for whatever a call to the SDK threw. What may pass is a `StoreUnavailableError`. */
export function toStoreError(thrown: unknown, { where, permission }: S3Call): Error {
  if (isPipelineError(thrown)) return thrown;
  const failure = thrown as S3Failure;
  const options = { cause: thrown };
  const status = statusOf(thrown);
  const got = `got ${[status, failure.name].filter(Boolean).join(' ')}`;
  if (isWrongRegion(failure)) {
    return new StoreAccessError(`${where}: ${got}: ${regionAdvice(failure)}`, options);
  }
  if (CREDENTIAL_ERRORS.includes(failure.name)) {
    const advice = 'expected valid AWS credentials';
    return new StoreAccessError(`${where}: ${advice}, ${got} (${failure.message}); renew them`, options);
  }
  if (failure.name === 'InvalidObjectState') {
    return new UnsupportedInputError(
      `${where}: expected an object that can be read, got an archived one; restore it first or leave it out`,
      options,
    );
  }
  if (failure.name === 'NoSuchBucket') {
    return new StoreAccessError(`${where}: ${got}: the bucket does not exist; check its name`, options);
  }
  if (isPassing(failure, status)) {
    return new StoreUnavailableError(`${where}: ${got} (${failure.message}); try again later`, options);
  }
  switch (status) {
    case 401:
    case 403:
      return new StoreAccessError(
        `${where}: ${got}: not permitted, or missing where s3:ListBucket is not granted; check the name and the permission ${permission}`,
        options,
      );
    case 404:
      return new InputNotFoundError(`${where}: ${got}: there is no such object; check the name`, options);
    case 412:
      return new InputChangedError(`${where}: ${got}: the object has changed; start a new run`, options);
    case 416:
      return new InputChangedError(
        `${where}: ${got}: the object is smaller than expected; start a new run`,
        options,
      );
    case undefined:
      return new Error(`${where}: ${failure.message}`, options);
    default:
      return new InvalidInputError(`${where}: ${got} (${failure.message})`, options);
  }
}

/** A field without which an answer is no answer; a default would stand for a size or a name. */
export function required<Value>(value: Value | undefined, { where }: S3Call, what: string): Value {
  if (value !== undefined && value !== '') return value;
  throw new StoreUnavailableError(`${where}: expected ${what} in the answer, got none; try again later`);
}

export function statusOf(thrown: unknown): number | undefined {
  return (thrown as S3Failure).$metadata?.httpStatusCode;
}

function isPassing({ name, $metadata }: S3Failure, status: number | undefined): boolean {
  if (PASSING_ERRORS.includes(name)) return true;
  // It was sent and no answer came: a refused, reset or unresolved connection.
  if (status === undefined) return $metadata?.attempts !== undefined;
  return status < 300 || status >= 500 || status === 409 || status === 429;
}

/** A HEAD has no body: then only the status, or the header with the region, tells. */
function isWrongRegion(failure: S3Failure): boolean {
  const status = statusOf(failure);
  if (status === 301 || status === 307 || failure.name === 'AuthorizationHeaderMalformed') return true;
  return status === 400 && bucketRegion(failure) !== undefined;
}

function regionAdvice(failure: S3Failure): string {
  const region = bucketRegion(failure);
  if (region === undefined) return "the bucket is in another region than the client's; set AWS_REGION to it";
  return `the bucket is in another region than the client's; set AWS_REGION=${region}`;
}

function bucketRegion({ $response }: S3Failure): string | undefined {
  return $response?.headers?.['x-amz-bucket-region'];
}
