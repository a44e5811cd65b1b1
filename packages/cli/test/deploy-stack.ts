import type { Data, Stack } from './read-stack';

const PSEUDO_PARAMETERS: Data = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'ap-south-1',
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::AccountId': '123456789012',
  'AWS::StackName': 'stack',
  'AWS::NoValue': undefined,
};

/** What a deployment with these parameters makes of a value: resources are known by their logical names. */
export function deploy(stack: Stack, given: Record<string, string | number>, value: Data): Data {
  const defaults = Object.entries<Data>(stack.parameters).map(([name, { Default }]) => [name, Default]);
  const known = { ...PSEUDO_PARAMETERS, ...Object.fromEntries(defaults), ...given };

  const holds = (test: Data): boolean => {
    if ('Condition' in test) return holds(stack.conditions[test.Condition]);
    if ('Fn::Not' in test) return !holds(test['Fn::Not'][0]);
    if ('Fn::Or' in test) return test['Fn::Or'].some(holds);
    const [one, other] = test['Fn::Equals'].map(resolve);
    return one === other;
  };
  const resolve = (data: Data): Data => {
    if (Array.isArray(data)) return data.map(resolve).filter((item) => item !== undefined);
    if (typeof data !== 'object' || data === null) return data;
    if ('Ref' in data) return data.Ref in known ? known[data.Ref] : data.Ref;
    if ('Fn::GetAtt' in data) return data['Fn::GetAtt'].join('.');
    if ('Text' in data) return data.Text.map(resolve).join('');
    if ('Fn::If' in data) {
      const [condition, yes, no] = data['Fn::If'];
      return resolve(holds(stack.conditions[condition]) ? yes : no);
    }
    return Object.fromEntries(Object.entries(data).map(([name, field]) => [name, resolve(field)]));
  };
  return resolve(value);
}
