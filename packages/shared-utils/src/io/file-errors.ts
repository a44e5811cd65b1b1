import { InputNotFoundError, InvalidInputError, UnsupportedInputError } from '../domain/errors';
import { escapeUnprintable } from '../domain/quote';

export function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code ?? '');
}

export function failRead(path: string): (cause: unknown) => never {
  const where = escapeUnprintable(path);
  return (cause) => {
    switch (codeOf(cause)) {
      case 'ENOENT':
      case 'ENOTDIR':
        throw new InputNotFoundError(`${where}: expected a file, got nothing; check the path`, { cause });
      case 'EACCES':
      case 'EPERM':
        throw new InputNotFoundError(`${where}: permission denied; make it readable`, { cause });
      case 'ELOOP':
        throw new UnsupportedInputError(`${where}: expected a regular file, got a loop of symbolic links`, {
          cause,
        });
      case 'ENXIO':
        throw new UnsupportedInputError(`${where}: expected a regular file, got a socket or a device`, {
          cause,
        });
      default:
        throw describeFailure(where, cause);
    }
  };
}

export function failWrite(path: string): (cause: unknown) => never {
  return (cause) => {
    throw cause instanceof InvalidInputError ? cause : describeFailure(escapeUnprintable(path), cause);
  };
}

const ADVICE: Readonly<Record<string, string>> = {
  EACCES: 'permission denied; make the directory writable',
  EDQUOT: 'over the disk quota; free some space or choose another directory',
  EEXIST: 'expected a directory, got a file; rename one of the two',
  EFBIG: 'over the file size limit; raise it (ulimit -f)',
  EISDIR: 'expected a file, got a directory; rename one of the two',
  ELOOP: 'got a loop of symbolic links; remove it',
  EMFILE: 'too many open files; raise the limit (ulimit -n) or lower the concurrency',
  ENAMETOOLONG: 'longer than the file system allows; choose a shorter name',
  ENFILE: 'too many open files on this machine; close some programs',
  ENOSPC: 'no space left on the device; free some space or choose another directory',
  ENOTDIR: 'expected a directory, got a file; rename one of the two',
  ENOTSUP: 'the file system has no hard links; choose another directory',
  EPERM: 'the file system does not permit it (it may have no hard links); choose another directory',
  EROFS: 'read-only file system; choose another directory',
};

function describeFailure(where: string, cause: unknown): Error {
  const code = codeOf(cause);
  const advice = ADVICE[code] ?? (cause instanceof Error ? cause.message : String(cause));
  return new Error(`${where}: ${advice}${code === '' ? '' : ` (${code})`}`, { cause });
}
