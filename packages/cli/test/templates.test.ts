import {
  parseCommitterEvent,
  parseExecutionInput,
  parseGroupingEvent,
  parseMapperEvent,
  parsePlannerEvent,
  parseReducerEvent,
  pipelineErrors,
  readConfig,
} from '@mapreduce/shared-utils';
import { type Data, FUNCTION, readJson, readStack, resourcesOf } from './read-stack';

const STAGES = ['Planner', 'Mapper', 'Grouping', 'Reducer', 'Committer'];

const single = readStack('template.yaml');
const nested = readStack('sam/template.yaml');
const files = ['express.asl.json', 'batch.asl.json'];

describe('the single stack and the nested stacks', () => {
  it('hold the same resources, with the same settings, permissions and links', () => {
    expect(nested.resources).toEqual(single.resources);
    expect(Object.keys(resourcesOf(single, FUNCTION))).toEqual(STAGES.map((stage) => `${stage}Function`));
  });

  it('take the same parameters, with the same defaults and limits', () => {
    expect(nested.parameters).toEqual(single.parameters);
    expect(nested.interface).toEqual(single.interface);
  });

  it('make them on the same conditions', () => {
    const { CreatesBucket: _, ...conditions } = nested.conditions;
    expect(conditions).toEqual(single.conditions);
  });

  it('show every parameter in one group', () => {
    const grouped = single.interface.ParameterGroups.flatMap((group: Data) => group.Parameters);
    expect(grouped.sort()).toEqual(Object.keys(single.parameters).sort());
  });

  it('give the same outputs', () => {
    expect(nested.outputs).toEqual(single.outputs);
  });
});

describe('the functions', () => {
  it.each(STAGES)('bundle the %s from its own handler, by the common recipe', (stage) => {
    const { Properties, Metadata } = single.resources[`${stage}Function`];
    const { EntryPoints, ...recipe } = Metadata.BuildProperties;
    expect([Properties.CodeUri, ...EntryPoints]).toEqual([
      'packages',
      `${stage.toLowerCase()}/src/handler.ts`,
    ]);
    expect(recipe).toMatchObject({
      Format: 'esm',
      OutExtension: ['.js=.mjs'],
      Minify: true,
      Sourcemap: true,
    });
    expect(recipe).toEqual(withoutEntry(single.resources.PlannerFunction.Metadata.BuildProperties));
    expect(Properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'], Tracing: 'Active' });
  });

  it('that a child of the batch machine invokes end before the child does', () => {
    for (const stage of ['Mapper', 'Reducer']) {
      expect(single.resources[`${stage}Function`].Properties.Timeout).toBeLessThan(300);
    }
  });

  it('give the planner every setting, and no stage a setting that is unknown', () => {
    const buckets = { BUCKET_TEMP: 'temp', BUCKET_OUTPUT: 'output' };
    const settings = settingsOf('Planner');
    const changed = settings.filter(
      (name) =>
        JSON.stringify(readConfig({ ...buckets, [name]: '1' })) !== JSON.stringify(readConfig(buckets)),
    );
    expect(changed).toEqual(settings);
    expect(settings).toHaveLength(Object.keys(readConfig(buckets)).length);
    for (const stage of STAGES.slice(1))
      expect(settingsOf(stage).sort()).toEqual(Object.keys(buckets).sort());
  });

  it('default to what the code defaults to', () => {
    const buckets = { BUCKET_TEMP: 'TempBucket', BUCKET_OUTPUT: 'OutputBucket' };
    const variables = settingsOf('Planner').filter((name) => !(name in buckets));
    const environment = Object.fromEntries(
      variables.map((name) => [name, String(single.parameters[variablesOf('Planner')[name].Ref].Default)]),
    );
    expect(readConfig({ ...buckets, ...environment })).toEqual(readConfig(buckets));
  });
});

describe('the state machines', () => {
  it.each([
    { machine: 'Express', type: 'EXPRESS', file: 'express.asl.json' },
    { machine: 'Batch', type: 'STANDARD', file: 'batch.asl.json' },
  ])('get exactly what $file asks for', ({ machine, type, file }) => {
    const { DefinitionUri, DefinitionSubstitutions, ...others } =
      single.resources[`${machine}StateMachine`].Properties;
    const asked = JSON.stringify(readJson(DefinitionUri)).match(/(?<=\$\{)\w+(?=\})/g) ?? [];
    expect(others.Type).toBe(type);
    expect(DefinitionUri).toBe(`sam/statemachine/${file}`);
    expect(Object.keys(DefinitionSubstitutions).sort()).toEqual([...new Set(asked)].sort());
    for (const stage of STAGES) {
      expect(DefinitionSubstitutions[`${stage}FunctionArn`]).toEqual({
        'Fn::GetAtt': [`${stage}Function`, 'Arn'],
      });
    }
  });
});

describe.each(files)('%s', (file) => {
  const definition: Data = readJson(`sam/statemachine/${file}`);
  const tasks = findTasks(definition);

  it('is valid Amazon States Language', () => {
    const validate = jest.requireActual<(definition: object) => Data>('asl-validator');
    expect(validate(definition).errors).toEqual([]);
  });

  it.each([
    ['was killed or ran out of memory', 'Runtime.ExitError'],
    ['ran out of time', 'Sandbox.Timedout'],
    ['died in a runtime that says no more', 'Lambda.Unknown'],
  ])('C53 retries in every task a function that %s: %s', (_, name) => {
    for (const { Retry } of tasks) {
      expect(Retry.flatMap(({ ErrorEquals }: Data) => ErrorEquals)).toContain(name);
    }
  });

  it('retries in every task the errors that are retryable, and no fatal one', () => {
    const retryable = pipelineErrors
      .map((PipelineError) => new PipelineError(''))
      .filter((e) => e.isRetryable);
    expect(tasks).toHaveLength(STAGES.length);
    for (const { Retry } of tasks) {
      const names: string[] = Retry.flatMap(({ ErrorEquals }: Data) => ErrorEquals);
      expect(names).not.toContain('States.ALL');
      expect(names).not.toContain('States.TaskFailed');
      expect(names.filter((name) => !/^(States|Lambda|Runtime|Sandbox)\./.test(name)).sort()).toEqual(
        retryable.map(({ name }) => name).sort(),
      );
    }
  });
});

describe('the sample events', () => {
  const event = (name: string) => readJson(`events/${name}.json`);

  it('are one run, from the plan to the commit', () => {
    const planner = parsePlannerEvent(event('planner'));
    const input = parseExecutionInput(planner.input);
    expect(input.inputFiles).toEqual(parseExecutionInput(event('execution')).inputFiles);
    const later = [
      parseMapperEvent(event('mapper')),
      parseGroupingEvent(event('grouping')),
      parseReducerEvent(event('reducer')),
      parseCommitterEvent(event('committer')),
    ];
    for (const { runId } of later) expect(runId).toBe(input.runId);
  });

  it('set every variable whose value only a deployment knows', () => {
    const environments: Data = event('env');
    for (const stage of STAGES) {
      const references = Object.entries(variablesOf(stage)).filter(([, value]) => typeof value === 'object');
      expect(Object.keys(environments[`${stage}Function`]).sort()).toEqual(
        references.map(([name]) => name).sort(),
      );
    }
  });
});

function variablesOf(stage: string): Record<string, Data> {
  return single.resources[`${stage}Function`].Properties.Environment.Variables;
}

/** The variables that `readConfig` reads; the others are for the runtime and the logger. */
function settingsOf(stage: string): string[] {
  return Object.keys(variablesOf(stage)).filter(
    (name) => !/^(LOG_LEVEL|NODE_OPTIONS|POWERTOOLS_.*)$/.test(name),
  );
}

function withoutEntry({ EntryPoints: _, ...recipe }: Data): Data {
  return recipe;
}

function findTasks(value: Data): Data[] {
  if (typeof value !== 'object' || value === null) return [];
  const inside = Object.values(value).flatMap(findTasks);
  return value.Type === 'Task' ? [value, ...inside] : inside;
}
