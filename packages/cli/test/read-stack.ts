import { readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { type CollectionTag, Pair, parseDocument, type ScalarTag, YAMLMap } from 'yaml';

const ROOT = resolve(__dirname, '../../..');
const NESTED_STACK = 'AWS::Serverless::Application';
export const FUNCTION = 'AWS::Serverless::Function';

// biome-ignore lint/suspicious/noExplicitAny: templates have any shape; the assertions say which they must have.
export type Data = any;

export interface Stack {
  readonly parameters: Data;
  readonly interface: Data;
  readonly conditions: Data;
  readonly resources: Data;
  readonly outputs: Data;
}

/** The stack as CloudFormation sees it: children in place, their parameters and outputs followed, globals merged. */
export function readStack(path: string, args: Data = {}): Stack {
  const template = readTemplate(path);
  const children = new Map<string, Stack>();
  const conditions: Data = {};
  const resources: Data = {};

  const childOf = (name: string): Stack => {
    const known = children.get(name);
    if (known !== undefined) return known;
    const { Location, Parameters = {} } = template.Resources[name].Properties;
    const child = readStack(resolvePath(path, Location), follow(Parameters));
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

  /** Texts with references in them become what they are: lists of texts and references. */
  const followText = (text: string, names: Data): Data => {
    const parts = text.split(/\$\{([\w.:]+)\}/).map((part, index) => {
      if (index % 2 === 0) return part;
      return part in names ? follow(names[part]) : followName(part);
    });
    const flat = parts.flatMap((part) => part.Text ?? [part]).filter((part) => part !== '');
    return { Text: joinTexts(flat) };
  };

  const follow = (value: Data): Data => {
    if (Array.isArray(value)) return value.map(follow);
    if (typeof value !== 'object' || value === null) return value;
    if ('Ref' in value) return followName(value.Ref);
    if ('Fn::GetAtt' in value) return followName(value['Fn::GetAtt'].join('.'));
    if ('Fn::Sub' in value) {
      const [text, names = {}] = [value['Fn::Sub']].flat();
      return followText(text, names);
    }
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, follow(field)]));
  };

  /** What only a conditional child holds has that condition too. */
  const adopt = ({ resources: adopted, conditions: known }: Stack, condition?: string) => {
    for (const [name, resource] of Object.entries<Data>(adopted)) {
      resources[name] = condition === undefined ? resource : { Condition: condition, ...resource };
    }
    for (const [name, test] of Object.entries(known)) {
      if (name in conditions) expect({ [name]: test }).toEqual({ [name]: conditions[name] });
      conditions[name] = test;
    }
  };

  Object.assign(conditions, follow(template.Conditions ?? {}));
  for (const [name, resource] of Object.entries<Data>(template.Resources)) {
    if (resource.Type === NESTED_STACK) {
      adopt(childOf(name), resource.Condition);
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
    conditions,
    resources,
    outputs: follow(template.Outputs ?? {}),
  };
}

export function readJson(path: string): Data {
  return JSON.parse(readFileSync(resolve(ROOT, path), 'utf8'));
}

export function resourcesOf({ resources }: Stack, type: string): Record<string, Data> {
  return Object.fromEntries(Object.entries<Data>(resources).filter(([, { Type }]) => Type === type));
}

function joinTexts(parts: Data[]): Data[] {
  const joined: Data[] = [];
  for (const part of parts) {
    const isText = typeof part === 'string' && typeof joined.at(-1) === 'string';
    if (isText) joined.push(joined.pop() + part);
    else joined.push(part);
  }
  return joined;
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
  const scalar = (name: string, read: (text: string) => Data): ScalarTag => ({
    tag: `!${name}`,
    resolve: (text) => read(text),
  });
  const list = (name: string): CollectionTag => ({
    tag: `!${name}`,
    collection: 'seq',
    resolve: (items) => {
      const call = new YAMLMap();
      call.add(new Pair(`Fn::${name}`, items));
      return call;
    },
  });
  const customTags = [
    scalar('Ref', (name) => ({ Ref: name })),
    scalar('Condition', (name) => ({ Condition: name })),
    scalar('Sub', (text) => ({ 'Fn::Sub': text })),
    scalar('GetAtt', (name) => ({ 'Fn::GetAtt': splitOnce(name, '.') })),
    ...['Sub', 'If', 'Equals', 'Not', 'Or'].map(list),
  ];
  const document = parseDocument(readFileSync(resolve(ROOT, path), 'utf8'), { customTags });
  expect([...document.errors, ...document.warnings]).toEqual([]);
  return document.toJS();
}

/** `target` as a template at `path` names it, relative to the repository. */
function resolvePath(path: string, target: string): string {
  return relative(ROOT, resolve(ROOT, dirname(path), target));
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
