import { readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
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
import { parseDocument, type ScalarTag } from 'yaml';

const ROOT = resolve(__dirname, '../../..');
const STAGES = ['Planner', 'Mapper', 'Grouping', 'Reducer', 'Committer'];
const FUNCTION = 'AWS::Serverless::Function';
const NESTED_STACK = 'AWS::Serverless::Application';
const ROLE = 'AWS::IAM::Role';

/** AWS has no resource to name for these. */
const ACTIONS_WITHOUT_RESOURCE =
  /^(xray:|logs:.*(LogDeliver(y|ies)|ResourcePolic(y|ies)|DescribeLogGroups)$)/;

// biome-ignore lint/suspicious/noExplicitAny: templates have any shape; the assertions say which they must have.
type Data = any;

interface Stack {
  readonly parameters: Data;
  readonly interface: Data;
  readonly resources: Data;
  readonly outputs: Data;
}

const single = flatten('template.yaml');
const nested = flatten('sam/template.yaml');
const definition: Data = readJson('sam/statemachine/express.asl.json');

describe('the single stack and the nested stacks', () => {
  it('hold the same resources, with the same settings, permissions and links', () => {
    expect(nested.resources).toEqual(single.resources);
    expect(Object.keys(resourcesOf(single, FUNCTION))).toEqual(STAGES.map((stage) => `${stage}Function`));
  });

  it('take the same parameters, with the same defaults and limits', () => {
    expect(nested.parameters).toEqual(single.parameters);
    expect(nested.interface).toEqual(single.interface);
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

  it('end before an Express execution does', () => {
    for (const { Properties } of Object.values(resourcesOf(single, FUNCTION))) {
      expect(Properties.Timeout).toBeLessThan(300);
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
    const environment = Object.fromEntries(
      Object.entries(variablesOf('Planner')).map(([name, { Ref }]) => [
        name,
        String(single.parameters[Ref]?.Default ?? Ref),
      ]),
    );
    expect(readConfig(environment)).toEqual(readConfig(buckets));
  });
});

describe('the roles', () => {
  const statements: Data[] = Object.values(resourcesOf(single, ROLE)).flatMap(({ Properties }) =>
    Properties.Policies.flatMap(({ PolicyDocument }: Data) => PolicyDocument.Statement),
  );

  it('are one for each function and one for the state machine', () => {
    const users = [...STAGES.map((stage) => `${stage}Function`), 'ExpressStateMachine'];
    const roles = users.map((user) => single.resources[user].Properties.Role['Fn::GetAtt']);
    expect(roles.map(([name]) => name).sort()).toEqual(Object.keys(resourcesOf(single, ROLE)).sort());
  });

  it('let the planner see an earlier manifest, so that it refuses to overwrite it', () => {
    const [policy] = single.resources.PlannerRole.Properties.Policies;
    const read = policy.PolicyDocument.Statement.filter(({ Action }: Data) =>
      Action.includes('s3:GetObject'),
    );
    expect(read.map(({ Resource }: Data) => Resource['Fn::Sub'])).toContainEqual(
      expect.stringMatching(/\{OutputBucket\}\/\*manifest\.json$/),
    );
  });

  it.each([
    { stage: 'Planner', seen: ['TempBucket runs/*', 'OutputBucket *manifest.json'] },
    { stage: 'Mapper', seen: ['TempBucket runs/*'] },
    { stage: 'Grouping', seen: ['TempBucket runs/*'] },
    { stage: 'Reducer', seen: ['TempBucket runs/*'] },
    { stage: 'Committer', seen: ['TempBucket runs/*', 'OutputBucket *manifest.json'] },
  ])('let the $stage tell what is missing from what it may not read: a 404 from a 403', ({ stage, seen }) => {
    const [policy] = single.resources[`${stage}Role`].Properties.Policies;
    const lists = policy.PolicyDocument.Statement.filter(
      ({ Action, Condition }: Data) => Action === 's3:ListBucket' && Condition !== undefined,
    );
    const found = lists.map(({ Resource, Condition }: Data) => {
      const bucket = /:::\$\{(\w+)\}$/.exec(Resource['Fn::Sub'])?.[1];
      return `${bucket} ${Condition.StringLike['s3:prefix']}`;
    });
    expect(found.sort()).toEqual([...seen].sort());
  });

  it('attach no policy that is written elsewhere', () => {
    for (const { Properties } of Object.values(resourcesOf(single, ROLE))) {
      expect(Properties).not.toHaveProperty('ManagedPolicyArns');
    }
  });

  it('name every action', () => {
    expect(statements.flatMap(({ Action }) => Action).filter((action) => action.includes('*'))).toEqual([]);
  });

  it('name every resource that AWS lets them name', () => {
    const unscoped = statements.filter(({ Resource }) => [Resource].flat().includes('*'));
    const actions = unscoped.flatMap(({ Action }) => Action);
    expect(actions.filter((action) => !ACTIONS_WITHOUT_RESOURCE.test(action))).toEqual([]);
  });
});

describe('express.asl.json', () => {
  const tasks = findTasks(definition);

  it('is valid Amazon States Language', () => {
    const validate = jest.requireActual<(definition: object) => Data>('asl-validator');
    expect(validate(readJson('sam/statemachine/express.asl.json')).errors).toEqual([]);
  });

  it('gets exactly the functions it asks for', () => {
    const { DefinitionUri, DefinitionSubstitutions } = single.resources.ExpressStateMachine.Properties;
    const asked = JSON.stringify(definition).match(/(?<=\$\{)\w+(?=\})/g) ?? [];
    expect(DefinitionUri).toBe('sam/statemachine/express.asl.json');
    expect(Object.keys(DefinitionSubstitutions).sort()).toEqual(asked.sort());
    for (const stage of STAGES) {
      expect(DefinitionSubstitutions[`${stage}FunctionArn`]).toEqual({
        'Fn::GetAtt': [`${stage}Function`, 'Arn'],
      });
    }
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

/** The stack as CloudFormation sees it: children in place, their parameters and outputs followed, globals merged. */
function flatten(path: string, args: Data = {}): Stack {
  const template = readTemplate(path);
  const children = new Map<string, Stack>();

  const childOf = (name: string): Stack => {
    const known = children.get(name);
    if (known !== undefined) return known;
    const { Location, Parameters = {} } = template.Resources[name].Properties;
    const child = flatten(resolvePath(path, Location), follow(Parameters));
    expect(Object.keys(Parameters).sort()).toEqual(Object.keys(child.parameters).sort());
    children.set(name, child);
    return child;
  };

  const followName = (name: string): Data => {
    const [resource = '', attribute = ''] = splitOnce(name, '.');
    const output = /^Outputs\.(\w+)$/.exec(attribute)?.[1];
    if (output !== undefined) return childOf(resource).outputs[output].Value;
    if (attribute !== '') return { 'Fn::GetAtt': [resource, attribute] };
    return args[name] ?? { Ref: name };
  };

  const follow = (value: Data): Data => {
    if (Array.isArray(value)) return value.map(follow);
    if (typeof value !== 'object' || value === null) return value;
    if ('Ref' in value) return followName(value.Ref);
    if ('Fn::GetAtt' in value) return followName(value['Fn::GetAtt'].join('.'));
    if ('Fn::Sub' in value) {
      const text = value['Fn::Sub'].replace(
        /\$\{([\w.]+)\}/g,
        (_: string, name: string) => `\${${nameOf(followName(name))}}`,
      );
      return { 'Fn::Sub': text };
    }
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, follow(field)]));
  };

  const resources: Data = {};
  for (const [name, resource] of Object.entries<Data>(template.Resources)) {
    if (resource.Type === NESTED_STACK) {
      Object.assign(resources, childOf(name).resources);
      continue;
    }
    const globals = resource.Type === FUNCTION ? template.Globals.Function : {};
    const properties = follow(merge(globals, resource.Properties));
    for (const uri of ['CodeUri', 'DefinitionUri']) {
      if (uri in properties) properties[uri] = resolvePath(path, properties[uri]);
    }
    resources[name] = { ...resource, Properties: properties };
  }
  return {
    parameters: template.Parameters ?? {},
    interface: template.Metadata?.['AWS::CloudFormation::Interface'] ?? {},
    resources,
    outputs: follow(template.Outputs ?? {}),
  };
}

function nameOf(reference: Data): string {
  return reference.Ref ?? reference['Fn::GetAtt'].join('.');
}

function merge(base: Data, over: Data): Data {
  if (Array.isArray(over) || typeof over !== 'object' || typeof base !== 'object') return over;
  const names = [...new Set([...Object.keys(base), ...Object.keys(over)])];
  return Object.fromEntries(
    names.map((name) => {
      if (!(name in base)) return [name, over[name]];
      return [name, name in over ? merge(base[name], over[name]) : base[name]];
    }),
  );
}

function readTemplate(path: string): Data {
  const customTags: ScalarTag[] = [
    { tag: '!Ref', resolve: (name) => ({ Ref: name }) },
    { tag: '!Sub', resolve: (text) => ({ 'Fn::Sub': text }) },
    { tag: '!GetAtt', resolve: (name) => ({ 'Fn::GetAtt': splitOnce(name, '.') }) },
  ];
  const document = parseDocument(readFileSync(resolve(ROOT, path), 'utf8'), { customTags });
  expect([...document.errors, ...document.warnings]).toEqual([]);
  return document.toJS();
}

function readJson(path: string): Data {
  return JSON.parse(readFileSync(resolve(ROOT, path), 'utf8'));
}

/** `target` as a template at `path` names it, relative to the repository. */
function resolvePath(path: string, target: string): string {
  return relative(ROOT, resolve(ROOT, dirname(path), target));
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function resourcesOf({ resources }: Stack, type: string): Record<string, Data> {
  return Object.fromEntries(Object.entries<Data>(resources).filter(([, { Type }]) => Type === type));
}

function variablesOf(stage: string): Record<string, Data> {
  return single.resources[`${stage}Function`].Properties.Environment.Variables;
}

/** The variables that `readConfig` reads; the others are for the runtime and the logger. */
function settingsOf(stage: string): string[] {
  return Object.keys(variablesOf(stage)).filter((name) => !/^(LOG_LEVEL|NODE_OPTIONS)$/.test(name));
}

function withoutEntry({ EntryPoints: _, ...recipe }: Data): Data {
  return recipe;
}

function findTasks(value: Data): Data[] {
  if (typeof value !== 'object' || value === null) return [];
  const inside = Object.values(value).flatMap(findTasks);
  return value.Type === 'Task' ? [value, ...inside] : inside;
}
