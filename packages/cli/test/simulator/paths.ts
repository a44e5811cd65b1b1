/** What our state machines use of JSONPath and of the intrinsic functions; anything else is an error. */

// biome-ignore lint/suspicious/noExplicitAny: the data of a state machine has any shape.
export type Data = any;

export interface Scope {
  readonly input: Data;
  readonly context: Data;
}

const CALL = /^States\.(\w+)\((.*)\)$/;
const PATH = /^\$\$?(\.\w+)*$/;

/** A payload template: the value of every field whose name ends with `.$` is computed. */
export function fillTemplate(template: Data, scope: Scope): Data {
  if (Array.isArray(template)) return template.map((item) => fillTemplate(item, scope));
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(
    Object.entries<Data>(template).map(([name, value]) =>
      name.endsWith('.$') ? [name.slice(0, -2), evaluate(value, scope)] : [name, fillTemplate(value, scope)],
    ),
  );
}

export function evaluate(expression: string, scope: Scope): Data {
  const [, name, args = ''] = CALL.exec(expression) ?? [];
  if (name === undefined) return readPath(expression, scope);
  const values = args
    .split(', ')
    .map((arg) => (arg.startsWith("'") ? arg.slice(1, -1) : evaluate(arg, scope)));
  if (name === 'StringToJson') return JSON.parse(values[0]);
  if (name === 'Format') return values.slice(1).reduce((text, value) => text.replace('{}', value), values[0]);
  throw new Error(`${expression}: expected a function that the simulator knows`);
}

/** The state's input with its result at `path`: `$`, `$.name` or nowhere. */
export function placeResult(path: string | null | undefined, input: Data, result: Data): Data {
  if (path === null) return input;
  if (path === undefined || path === '$') return result;
  return { ...input, [path.slice('$.'.length)]: result };
}

function readPath(path: string, { input, context }: Scope): Data {
  if (!PATH.test(path)) throw new Error(`${path}: expected a path that the simulator knows`);
  const [root, ...names] = path.split('.');
  return names.reduce(
    (value, name) => {
      if (Object.hasOwn(value ?? {}, name)) return value[name];
      throw new Error(`${path}: expected a value, got ${JSON.stringify(value)}`);
    },
    root === '$$' ? context : input,
  );
}
