import * as errors from '../../src/domain/errors';

const { isPipelineError, pipelineErrors, StoreUnavailableError } = errors;

const classes = pipelineErrors.map((ErrorClass) => ({ name: ErrorClass.name, ErrorClass }));

describe('the error classes', () => {
  it('are all in the list', () => {
    const exported = Object.values(errors).filter((value) => isPipelineError(instanceOf(value)));
    expect(new Set<unknown>(pipelineErrors)).toEqual(new Set<unknown>(exported));
  });

  it('have names of their own', () => {
    expect(new Set(classes.map(({ name }) => name)).size).toBe(classes.length);
  });

  it.each(classes)(
    '$name keeps its name in a minified bundle, its message and its cause',
    ({ name, ErrorClass }) => {
      const cause = new Error('first');
      const error = new ErrorClass('s3://in/a.jsonl: expected a string, got a number', { cause });
      // An own property: minification renames the class, not this.
      expect(Object.getOwnPropertyDescriptor(error, 'name')?.value).toBe(name);
      expect(error.message).toBe('s3://in/a.jsonl: expected a string, got a number');
      expect(error.cause).toBe(cause);
      expect(String(error)).toBe(`${name}: ${error.message}`);
      expect(isPipelineError(error)).toBe(true);
    },
  );

  it('are fatal but for StoreUnavailableError', () => {
    const retryable = pipelineErrors.filter((ErrorClass) => new ErrorClass('message').isRetryable);
    expect(retryable).toEqual([StoreUnavailableError]);
  });
});

it.each([
  { what: 'another error', value: new Error('message') },
  { what: 'its look-alike', value: { name: 'InvalidInputError', message: 'message' } },
  { what: 'nothing', value: undefined },
])('isPipelineError refuses $what', ({ value }) => {
  expect(isPipelineError(value)).toBe(false);
});

function instanceOf(value: unknown): unknown {
  try {
    return Reflect.construct(value as new (message: string) => unknown, ['message']);
  } catch {
    return undefined;
  }
}
