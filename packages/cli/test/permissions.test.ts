import { type Data, deploy, FUNCTION, readStack, resourcesOf } from './read-stack';

const ROLE = 'AWS::IAM::Role';
const STAGES = ['Planner', 'Mapper', 'Grouping', 'Reducer', 'Committer'];
const single = readStack('template.yaml');

const INPUT = 'arn:aws:s3:::input';
const TEMP = 'arn:aws:s3:::TempBucket';
const OUTPUT = 'arn:aws:s3:::OutputBucket';
const BATCH_EXECUTION = 'arn:aws:states:ap-south-1:123456789012:execution:BatchStateMachine.Name';

/** Of a GET, the prefix is the key: whoever may list it is told 404 for what is missing, and not 403. */
const tellMissingFromRun = [`s3:ListBucket ${TEMP} s3:prefix=runs/*`];
const tellMissingManifest = [`s3:ListBucket ${OUTPUT} s3:prefix=*manifest.json`];

const traces = ['xray:PutTelemetryRecords *', 'xray:PutTraceSegments *'];
const logs = (stage: string) =>
  ['CreateLogStream', 'PutLogEvents'].map((action) => `logs:${action} ${stage}LogGroup.Arn`);

const machine = [
  ...STAGES.map((stage) => `lambda:InvokeFunction ${stage}Function.Arn`),
  ...traces,
  'xray:GetSamplingRules *',
  'xray:GetSamplingTargets *',
  'logs:CreateLogDelivery *',
  'logs:GetLogDelivery *',
  'logs:UpdateLogDelivery *',
  'logs:DeleteLogDelivery *',
  'logs:ListLogDeliveries *',
  'logs:PutResourcePolicy *',
  'logs:DescribeResourcePolicies *',
  'logs:DescribeLogGroups *',
];

/** Everything that anything of the stack may do. `*` only where AWS has no resource to name. */
const PERMISSIONS: Record<string, readonly string[]> = {
  PlannerRole: [
    `s3:ListBucket ${INPUT}`,
    `s3:GetObject ${INPUT}/*`,
    `s3:GetObjectVersion ${INPUT}/*`,
    `s3:GetObject ${TEMP}/runs/*`,
    `s3:PutObject ${TEMP}/runs/*`,
    `s3:AbortMultipartUpload ${TEMP}/runs/*`,
    ...tellMissingFromRun,
    // A run that finds a manifest refuses to overwrite it.
    `s3:GetObject ${OUTPUT}/*manifest.json`,
    ...tellMissingManifest,
    ...logs('Planner'),
    ...traces,
  ],
  MapperRole: [
    `s3:GetObject ${INPUT}/*`,
    `s3:GetObjectVersion ${INPUT}/*`,
    `s3:GetObject ${TEMP}/runs/*`,
    `s3:PutObject ${TEMP}/runs/*`,
    `s3:AbortMultipartUpload ${TEMP}/runs/*`,
    ...tellMissingFromRun,
    ...logs('Mapper'),
    ...traces,
  ],
  GroupingRole: [
    `s3:GetObject ${TEMP}/runs/*`,
    `s3:PutObject ${TEMP}/runs/*`,
    `s3:AbortMultipartUpload ${TEMP}/runs/*`,
    ...tellMissingFromRun,
    ...logs('Grouping'),
    ...traces,
  ],
  ReducerRole: [
    `s3:GetObject ${TEMP}/runs/*`,
    `s3:PutObject ${TEMP}/runs/*`,
    ...tellMissingFromRun,
    `s3:PutObject ${OUTPUT}/*bucket_*.json`,
    `s3:AbortMultipartUpload ${OUTPUT}/*bucket_*.json`,
    ...logs('Reducer'),
    ...traces,
  ],
  CommitterRole: [
    `s3:GetObject ${TEMP}/runs/*`,
    `s3:DeleteObject ${TEMP}/runs/*`,
    ...tellMissingFromRun,
    `s3:PutObject ${OUTPUT}/*rejects/*.jsonl`,
    // Read to tell a repeated commit from the output of another run.
    `s3:GetObject ${OUTPUT}/*manifest.json`,
    `s3:PutObject ${OUTPUT}/*manifest.json`,
    ...tellMissingManifest,
    ...logs('Committer'),
    ...traces,
  ],
  ExpressStateMachineRole: machine,
  BatchStateMachineRole: [
    ...machine,
    `s3:GetObject ${TEMP}/runs/*`,
    `s3:PutObject ${TEMP}/runs/*`,
    `s3:AbortMultipartUpload ${TEMP}/runs/*`,
    `s3:ListMultipartUploadParts ${TEMP}/runs/*`,
    ...tellMissingFromRun,
    'states:StartExecution BatchStateMachine',
    ...['Describe', 'Stop', 'Redrive'].flatMap((verb) =>
      [':*', '/*'].map((children) => `states:${verb}Execution ${BATCH_EXECUTION}${children}`),
    ),
  ],
  TriggerRole: ['states:StartExecution BatchStateMachine', 'sqs:SendMessage UnstartedRuns.Arn'],
};

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
