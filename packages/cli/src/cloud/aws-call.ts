import {
  InputNotFoundError,
  InvalidInputError,
  StoreAccessError,
  StoreUnavailableError,
} from '@mapreduce/shared-utils';

const CREDENTIALS =
  /^(ExpiredToken|ExpiredTokenException|InvalidClientTokenId|UnrecognizedClientException|InvalidSignatureException|SignatureDoesNotMatch|CredentialsProviderError|TokenProviderError|AuthFailure)$/;
const DENIED = /^(AccessDenied|AccessDeniedException|UnauthorizedOperation)$/;
const MISSING = /^(ExecutionDoesNotExist|StateMachineDoesNotExist|ResourceNotFound)$/;
const PASSING =
  /^(Throttling|ThrottlingException|TooManyRequestsException|ServiceUnavailable|InternalFailure)$/;
const UNREACHABLE = /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE)$/;

/**
 * Calls AWS, and says of what went wrong whether it is the credentials, the permission, the place or the network.
 * @throws StoreAccessError, InputNotFoundError, StoreUnavailableError, InvalidInputError
 */
export async function callAws<Answer>(what: string, call: () => Promise<Answer>): Promise<Answer> {
  try {
    return await call();
  } catch (cause) {
    throw translate(what, cause);
  }
}

function translate(what: string, cause: unknown): unknown {
  if (!(cause instanceof Error)) return cause;
  const { name, message } = cause;
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  const got = `got ${name}: ${message}`;
  if (CREDENTIALS.test(name)) {
    return new StoreAccessError(
      `${what}: expected valid credentials, ${got}; renew them, or choose others with --profile`,
      { cause },
    );
  }
  if (DENIED.test(name)) return new StoreAccessError(`${what}: expected to be allowed, ${got}`, { cause });
  if (MISSING.test(name)) {
    return new InputNotFoundError(`${what}: ${got}; check the name, --region and --profile`, { cause });
  }
  if (/region/i.test(message) && /missing/i.test(message)) {
    return new InvalidInputError(`${what}: expected a Region, got none; set AWS_REGION or --region`, {
      cause,
    });
  }
  if (PASSING.test(name) || UNREACHABLE.test(code) || name === 'TimeoutError') {
    return new StoreUnavailableError(
      `${what}: expected an answer, ${got}; check --region and the network, or try again later`,
      { cause },
    );
  }
  return new InvalidInputError(`${what}: ${got}`, { cause });
}
