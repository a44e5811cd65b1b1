import { deploy } from './deploy-stack';
import { PERMISSIONS, PERMITTED_STAGES as STAGES } from './permission-table';
import { type Data, FUNCTION, readStack, resourcesOf } from './read-stack';

const ROLE = 'AWS::IAM::Role';
const single = readStack('template.yaml');

const roles = Object.keys(PERMISSIONS);

describe('the roles', () => {
  it('are one for each function, one for each state machine and one for what starts them', () => {
    const users = [...STAGES.map((stage) => `${stage}Function`), 'ExpressStateMachine', 'BatchStateMachine'];
    for (const user of users) {
      expect(single.resources[user].Properties.Role).toEqual({
        'Fn::GetAtt': [`${user.replace(/Function$/, '')}Role`, 'Arn'],
      });
    }
    expect(Object.keys(resourcesOf(single, ROLE))).toEqual(roles);
    expect(Object.keys(resourcesOf(single, FUNCTION))).toHaveLength(STAGES.length);
  });

  it.each(roles)('let the %s do what its user does, and nothing else', (role) => {
    expect(permissionsOf(role, { InputBucketName: 'input' })).toEqual([...(PERMISSIONS[role] ?? [])].sort());
  });

  it('reach existing buckets in the place of created ones', () => {
    const existing = { ExistingTempBucket: 'mine', ExistingOutputBucket: 'results' };
    for (const role of roles) {
      const expected = PERMISSIONS[role]?.map((line) =>
        line.replace('TempBucket', 'mine').replace('OutputBucket', 'results'),
      );
      expect(permissionsOf(role, { InputBucketName: 'input', ...existing })).toEqual(expected?.sort());
    }
  });

  it('let the planner alone read the inventory of another bucket', () => {
    const parameters = { InputBucketName: 'input', InventoryBucketName: 'reports' };
    for (const role of roles) {
      const more = role === 'PlannerRole' ? ['s3:GetObject arn:aws:s3:::reports/*'] : [];
      expect(permissionsOf(role, parameters)).toEqual([...(PERMISSIONS[role] ?? []), ...more].sort());
    }
  });

  it('use the keys of the buckets that they use, through S3 only', () => {
    const keys = { KmsKeyArn: 'key', InputKmsKeyArn: 'input-key' };
    const through = 'kms:ViaService=s3.ap-south-1.amazonaws.com';
    for (const role of roles) {
      const usesBuckets = !/^(Express|Trigger)/.test(role);
      const readsInput = /^(Planner|Mapper)/.test(role);
      const expected = [
        ...(usesBuckets ? [`kms:Decrypt key ${through}`, `kms:GenerateDataKey key ${through}`] : []),
        ...(readsInput ? [`kms:Decrypt input-key ${through}`] : []),
      ];
      const found = permissionsOf(role, { InputBucketName: 'input', ...keys });
      expect(found.filter((line) => line.startsWith('kms:'))).toEqual(expected.sort());
      expect(found).toHaveLength((PERMISSIONS[role]?.length ?? 0) + expected.length);
    }
  });

  it('attach no policy that is written elsewhere', () => {
    for (const { Properties } of Object.values(resourcesOf(single, ROLE))) {
      expect(Properties).not.toHaveProperty('ManagedPolicyArns');
    }
  });

  it('trust one service each, for this account only where AWS says for which', () => {
    const trusted = Object.entries(resourcesOf(single, ROLE)).map(([role, { Properties }]) => {
      const [{ Principal, Condition }] = deploy(single, {}, Properties.AssumeRolePolicyDocument.Statement);
      return [role, Principal.Service, Condition?.StringEquals['aws:SourceAccount']];
    });
    expect(trusted).toEqual([
      ...STAGES.map((stage) => [`${stage}Role`, 'lambda.amazonaws.com', undefined]),
      ['ExpressStateMachineRole', 'states.amazonaws.com', '123456789012'],
      ['BatchStateMachineRole', 'states.amazonaws.com', '123456789012'],
      ['TriggerRole', ['events.amazonaws.com', 'scheduler.amazonaws.com'], '123456789012'],
    ]);
  });
});

/** A line for each action and resource: those of the role, and of the policies that are attached to it. */
function permissionsOf(role: string, parameters: Record<string, string>): string[] {
  const attached = Object.values(resourcesOf(single, 'AWS::IAM::Policy'))
    .map(({ Properties }) => deploy(single, parameters, Properties))
    .filter(({ Roles }) => Roles.includes(role));
  const { Policies } = deploy(single, parameters, single.resources[role].Properties);
  const statements: Data[] = [...Policies, ...attached].flatMap(
    ({ PolicyDocument }) => PolicyDocument.Statement,
  );
  return statements
    .flatMap(({ Effect, Action, Resource, Condition = {} }) => {
      expect(Effect).toBe('Allow');
      const limits = Object.values<Data>(Condition).flatMap(Object.entries);
      const on = limits.map(([name, value]) => ` ${name}=${value}`).join('');
      return [Action]
        .flat()
        .flatMap((action) => [Resource].flat().map((resource) => `${action} ${resource}${on}`));
    })
    .sort();
}
