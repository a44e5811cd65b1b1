import { readConfig } from '@mapreduce/shared-utils';
import { createRunConfiguration, deriveRunId } from '../src/run-configuration';

const config = readConfig({ BUCKET_TEMP: 'temp', BUCKET_OUTPUT: 'out', MAX_BAD_RECORDS: '5' });

describe('the configuration of a run', () => {
  it('is that of the deployment where the execution says nothing', () => {
    expect(createRunConfiguration(config, {}, 'r')).toMatchObject({
      numBuckets: 32,
      urlField: 'url',
      maxBadRecords: 5,
      maxBadRatio: null,
      outputBucket: 'out',
      outputPrefix: 'reduce-output/r/',
    });
  });

  it.each([
    ['results', 'results/r/'],
    ['results/', 'results/r/'],
    ['a/b', 'a/b/r/'],
    ['', 'r/'],
  ])('puts the run under the OUTPUT_PREFIX %j as %j', (outputPrefix, expected) => {
    expect(createRunConfiguration({ ...config, outputPrefix }, {}, 'r').outputPrefix).toBe(expected);
  });

  it('is overridden by the execution', () => {
    const input = { numBuckets: 7, urlField: 'request.url', maxBadRecords: 0, maxBadRatio: 0.5 };
    expect(createRunConfiguration(config, input, 'r')).toMatchObject(input);
  });

  it.each([
    ['', ''],
    ['/', ''],
    ['reports', 'reports/'],
    ['reports//', 'reports/'],
    ['...', '.../'],
    ['reports/2025/', 'reports/2025/'],
  ])('takes the output_prefix %j as %j', (outputPrefix, expected) => {
    expect(createRunConfiguration(config, { outputPrefix }, 'r').outputPrefix).toBe(expected);
  });

  it.each(['/abs', '../up', 'a//b', 'a/./b', 'a/../b'])('refuses the output_prefix %j', (outputPrefix) => {
    expect(() => createRunConfiguration(config, { outputPrefix }, 'r')).toThrow(
      expect.objectContaining({
        name: 'InvalidInputError',
        message: expect.stringContaining('output_prefix'),
      }),
    );
  });
});

describe('the run id of an execution that names none', () => {
  const express = (name: string, uuid: string) =>
    `arn:aws:states:ap-south-1:123456789012:express:machine:${name}:${uuid}`;

  it('bears the name of the execution and is the same for every attempt', () => {
    expect(deriveRunId(express('nightly', 'u1'))).toMatch(/^nightly-[0-9a-f]{8}$/);
    expect(deriveRunId(express('nightly', 'u1'))).toBe(deriveRunId(express('nightly', 'u1')));
  });

  it('differs for two Express executions of one name', () => {
    expect(deriveRunId(express('nightly', 'u1'))).not.toBe(deriveRunId(express('nightly', 'u2')));
  });

  it.each(['../../etc', 'name with spaces', 'ünïcode', '_', 'x'.repeat(300)])(
    'is safe in a key for the name %j',
    (name) => {
      expect(deriveRunId(express(name, 'u'))).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/);
    },
  );
});
