import { InputNotFoundError, InvalidInputError, UnsupportedInputError } from '../../src';
import { failRead, failWrite } from '../../src/io/file-errors';

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: as the system says it`), { code });
}

describe('a failed read', () => {
  it.each([
    { code: 'ENOENT', ErrorClass: InputNotFoundError, advice: 'check the path' },
    { code: 'ENOTDIR', ErrorClass: InputNotFoundError, advice: 'check the path' },
    { code: 'EACCES', ErrorClass: InputNotFoundError, advice: 'permission denied; make it readable' },
    { code: 'EPERM', ErrorClass: InputNotFoundError, advice: 'permission denied; make it readable' },
    { code: 'ELOOP', ErrorClass: UnsupportedInputError, advice: 'a loop of symbolic links' },
    { code: 'ENXIO', ErrorClass: UnsupportedInputError, advice: 'a socket or a device' },
    { code: 'EMFILE', ErrorClass: Error, advice: 'ulimit -n' },
    { code: 'EIO', ErrorClass: Error, advice: 'EIO: as the system says it' },
  ])('with $code says where it is and what to do', ({ code, ErrorClass, advice }) => {
    const cause = systemError(code);
    const failure = caught(() => failRead('/data/in\n.jsonl')(cause));
    expect(failure).toBeInstanceOf(ErrorClass);
    expect(failure.message).toMatch(/^\/data\/in\\u000a\.jsonl: /);
    expect(failure.message).toContain(advice);
    expect(failure.cause).toBe(cause);
  });
});

describe('a failed write', () => {
  it.each([
    { code: 'ENOSPC', advice: 'no space left on the device; free some space or choose another directory' },
    { code: 'EDQUOT', advice: 'disk quota' },
    { code: 'EROFS', advice: 'read-only file system; choose another directory' },
    { code: 'EMFILE', advice: 'ulimit -n' },
    { code: 'EACCES', advice: 'make the directory writable' },
    { code: 'EFBIG', advice: 'ulimit -f' },
    { code: 'ENOTSUP', advice: 'no hard links' },
  ])('with $code says where it is and what to do', ({ code, advice }) => {
    const cause = systemError(code);
    const failure = caught(() => failWrite('/data/out')(cause));
    expect(failure.message).toMatch(/^\/data\/out: /);
    expect(failure.message).toContain(advice);
    expect(failure.message).toContain(`(${code})`);
    expect(failure.cause).toBe(cause);
  });

  it('passes on what says it already', () => {
    const refusal = new InvalidInputError('/data/out/link: got a link out of it');
    expect(caught(() => failWrite('/data/out')(refusal))).toBe(refusal);
  });
});

function caught(act: () => never): Error {
  try {
    return act();
  } catch (error) {
    return error as Error;
  }
}
