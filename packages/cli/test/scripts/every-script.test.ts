import { runScript } from './run-script';

const SCRIPTS = ['put-sample.mjs', 'start-execution.mjs', 'read-outputs.mjs', 'empty-buckets.mjs'];

describe.each(SCRIPTS)('scripts/%s', (name) => {
  it('explains itself', async () => {
    const help = await runScript(name, ['--help']);
    expect(help).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(/^Usage: .*Exit codes: /s),
    });
    expect(await runScript(name, [])).toEqual({ code: 1, stdout: '', stderr: help.stdout });
  });

  it('says which option it does not know', async () => {
    expect(await runScript(name, ['--nope'])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^[a-z-]+: Unknown option '--nope'.*; --help explains the options\n$/),
    });
  });
});

describe('a call without what it needs', () => {
  it.each<[string, string, string[], string]>([
    ['a bucket', 'put-sample.mjs', ['--prefix', 'in/'], 'expected --bucket, got nothing'],
    [
      'a number',
      'put-sample.mjs',
      ['--bucket', 'b', '--lines', 'many'],
      'expected --lines to be a whole number',
    ],
    [
      'files',
      'put-sample.mjs',
      ['--bucket', 'b', '--lines', '9', '--files', '0'],
      'expected --files to be a whole',
    ],
    ['lines', 'put-sample.mjs', ['--bucket', 'b', '--seed', '9'], 'expected --lines with --seed'],
    [
      'one source',
      'put-sample.mjs',
      ['--bucket', 'b', '--lines', '9', 'x'],
      'expected either --lines or files',
    ],
    [
      'names',
      'put-sample.mjs',
      ['--bucket', 'b', 'x/a', 'y/a'],
      'expected files of different names, got two of "a"',
    ],
    ['an ARN', 'start-execution.mjs', ['--input', 'x'], 'expected --state-machine-arn, got nothing'],
    [
      'the ARN of a state machine',
      'start-execution.mjs',
      ['--input', 'x', '--state-machine-arn', 'arn:aws:lambda:eu-west-1:123456789012:function:f'],
      'expected the ARN of a state machine, got "arn:aws:lambda',
    ],
    ['a directory', 'read-outputs.mjs', ['--bucket', 'b', '--prefix', 'p'], 'expected --out, got nothing'],
    ['a prefix', 'read-outputs.mjs', ['--bucket', 'b', '--out', 'o'], 'expected --prefix, got nothing'],
    [
      'one place',
      'read-outputs.mjs',
      ['--bucket', 'b', '--execution', 'x', '--out', 'o'],
      'expected either --execution or --bucket and --prefix',
    ],
    ['a bucket to empty', 'empty-buckets.mjs', ['--yes'], 'expected buckets or --stack, got neither'],
  ])('says that it lacks %s', async (_, name, args, message) => {
    const { code, stdout, stderr } = await runScript(name, args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(message);
  });

  it.each<[string, string, string[]]>([
    ['a missing file to upload', 'put-sample.mjs', ['--bucket', 'b', '/none/a.jsonl']],
    [
      'a missing input',
      'start-execution.mjs',
      ['--state-machine-arn', 'arn:aws:states:x:123456789012:stateMachine:m', '--input', '/none/a'],
    ],
    ['a missing output', 'read-outputs.mjs', ['--execution', '/none/a', '--out', '/none/b']],
  ])('fails for %s, with its name and no stack trace', async (_, name, args) => {
    const { code, stdout, stderr } = await runScript(name, args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^[a-z-]+: ENOENT: .*'\/none\/a.*'\n$/);
  });
});
