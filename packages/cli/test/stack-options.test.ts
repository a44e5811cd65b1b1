import { parseExecutionInput } from '@mapreduce/shared-utils';
import { deploy } from './deploy-stack';
import { type Data, readStack, resourcesOf } from './read-stack';

const stack = readStack('template.yaml');
const input = { InputBucketName: 'input' };
const STAGES = ['Planner', 'Mapper', 'Grouping', 'Reducer', 'Committer'];

function propertiesOf(name: string, parameters: Record<string, string> = {}): Data {
  return deploy(stack, { ...input, ...parameters }, stack.resources[name].Properties);
}

/** The resources of a deployment that are made on a condition. */
function optionalsOf(parameters: Record<string, string>): string[] {
  return Object.entries<Data>(stack.resources)
    .filter(
      ([, { Condition }]) => Condition && deploy(stack, parameters, { 'Fn::If': [Condition, true, false] }),
    )
    .map(([name]) => name);
}

describe('the buckets', () => {
  const created = ['TempBucket', 'TempBucketPolicy', 'OutputBucket', 'OutputBucketPolicy'];

  it('are created unless they are named', () => {
    expect(optionalsOf({})).toEqual(created);
    expect(optionalsOf({ ExistingTempBucket: 'mine' })).toEqual(created.slice(2));
    expect(optionalsOf({ ExistingTempBucket: 'mine', ExistingOutputBucket: 'results' })).toEqual([]);
  });

  it.each(['TempBucket', 'OutputBucket'])('%s is private, encrypted and reached by TLS only', (bucket) => {
    const { PublicAccessBlockConfiguration, OwnershipControls, BucketEncryption } = propertiesOf(bucket);
    expect(Object.values(PublicAccessBlockConfiguration)).toEqual([true, true, true, true]);
    expect(OwnershipControls.Rules).toEqual([{ ObjectOwnership: 'BucketOwnerEnforced' }]);
    expect(BucketEncryption.ServerSideEncryptionConfiguration).toEqual([
      { ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' }, BucketKeyEnabled: false },
    ]);
    const withKey = propertiesOf(bucket, { KmsKeyArn: 'key' }).BucketEncryption;
    expect(withKey.ServerSideEncryptionConfiguration).toEqual([
      {
        ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: 'key' },
        BucketKeyEnabled: true,
      },
    ]);
    const [statement] = propertiesOf(`${bucket}Policy`).PolicyDocument.Statement;
    expect(statement).toMatchObject({
      Effect: 'Deny',
      Action: 's3:*',
      Resource: [`${bucket}.Arn`, `${bucket}.Arn/*`],
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    });
  });

  it('abort unfinished uploads, keep results, and keep a run for as long as it can be redriven', () => {
    const abort = {
      Id: 'AbortUploads',
      Status: 'Enabled',
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
    };
    const expire = { Id: 'ExpireRuns', Status: 'Enabled', ExpirationInDays: 15 };
    expect(propertiesOf('TempBucket').LifecycleConfiguration.Rules).toEqual([expire, abort]);
    expect(propertiesOf('OutputBucket').LifecycleConfiguration.Rules).toEqual([abort]);
    expect(stack.resources.OutputBucket).toMatchObject({
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
    });
  });
});

describe('the logs', () => {
  it('go to groups of their own, named by the stack, for as long as is asked', () => {
    const groups = Object.keys(resourcesOf(stack, 'AWS::Logs::LogGroup'));
    expect(groups).toEqual([...STAGES, 'Express', 'Batch'].map((user) => `${user}LogGroup`));
    for (const group of groups) {
      const { LogGroupName, RetentionInDays } = propertiesOf(group, { LogRetentionDays: '7' });
      expect(LogGroupName).toMatch(/^\/aws\/(lambda|vendedlogs\/states)\/stack-[a-z]+$/);
      expect(RetentionInDays).toBe('7');
    }
    for (const stage of STAGES) {
      expect(propertiesOf(`${stage}Function`).LoggingConfig).toEqual({
        LogFormat: 'JSON',
        ApplicationLogLevel: 'INFO',
        LogGroup: `${stage}LogGroup`,
      });
    }
  });
});

describe('the triggers', () => {
  const common = ['TriggerRole', 'UnstartedRuns', 'UnstartedRunsPolicy', 'UnstartedRunsAlarm'];
  const existing = { ExistingTempBucket: 'mine', ExistingOutputBucket: 'results' };

  it('are made where they are asked for', () => {
    const schedule = { ...existing, ScheduleExpression: 'rate(1 day)' };
    const uploads = { ...existing, UploadPattern: '*.jsonl' };
    expect(optionalsOf(schedule)).toEqual(['Schedule', ...common]);
    expect(optionalsOf(uploads)).toEqual(['UploadRule', ...common]);
    expect(optionalsOf({ ...schedule, ...uploads })).toEqual(['Schedule', 'UploadRule', ...common]);
  });

  it.each([
    { asked: {}, started: 'BatchStateMachine' },
    { asked: { TriggeredMachine: 'express' }, started: 'ExpressStateMachine' },
  ])('start the $started for $asked', ({ asked, started }) => {
    expect(propertiesOf('Schedule', asked).Target.Arn).toBe(started);
    expect(propertiesOf('UploadRule', asked).Targets[0].Arn).toBe(started);
    const [{ PolicyDocument }] = propertiesOf('TriggerRole', asked).Policies;
    expect(PolicyDocument.Statement[0].Resource).toBe(started);
  });

  it('a schedule counts a prefix of the input bucket', () => {
    const { Target } = propertiesOf('Schedule', { SchedulePrefix: 'events/2025/' });
    expect(parseExecutionInput(JSON.parse(Target.Input))).toEqual({
      inputPrefixes: [{ bucket: 'input', prefix: 'events/2025/' }],
    });
    expect('a"b').not.toMatch(new RegExp(stack.parameters.SchedulePrefix.AllowedPattern));
  });

  it('an upload counts the object that came, whatever its key', () => {
    const { EventPattern, Targets } = propertiesOf('UploadRule', { UploadPattern: 'events/*.jsonl' });
    expect(EventPattern.detail).toEqual({
      bucket: { name: ['input'] },
      object: { key: [{ wildcard: 'events/*.jsonl' }] },
    });
    // As EventBridge fills in what is not quoted: as JSON.
    const detail: Data = { bucket: { name: 'input' }, object: { key: 'events/"}],\\<key>\n.jsonl' } };
    const { InputPathsMap, InputTemplate } = Targets[0].InputTransformer;
    const filled = InputTemplate.replace(/<(\w+)>/g, (_: string, name: string) => {
      const [, , one, other] = InputPathsMap[name].split('.');
      return JSON.stringify(detail[one][other]);
    });
    expect(parseExecutionInput(JSON.parse(filled))).toEqual({
      inputFiles: [{ bucket: 'input', key: detail.object.key }],
    });
  });
});

describe('the alarms', () => {
  const alarms = Object.keys(resourcesOf(stack, 'AWS::CloudWatch::Alarm'));

  it('tell what happened and what to do, and a topic where there is one', () => {
    expect(alarms).toHaveLength(5);
    for (const alarm of alarms) {
      expect(propertiesOf(alarm).AlarmDescription.length).toBeGreaterThan(80);
      expect(propertiesOf(alarm).AlarmActions).toBeUndefined();
      expect(propertiesOf(alarm, { AlarmTopicArn: 'topic' }).AlarmActions).toEqual(['topic']);
    }
  });

  it.each([
    {
      alarm: 'ExpressFailedAlarm',
      on: ['ExpressStateMachine'],
      of: ['Failed', 'TimedOut', 'Aborted'].map((end) => `Executions${end}`),
    },
    {
      alarm: 'BatchFailedAlarm',
      on: ['BatchStateMachine'],
      of: ['Failed', 'TimedOut', 'Aborted'].map((end) => `Executions${end}`),
    },
    { alarm: 'ThrottlesAlarm', on: STAGES.map((stage) => `${stage}Function`), of: ['Throttles'] },
  ])('$alarm adds up $of of $on', ({ alarm, on, of }) => {
    const [{ Expression }, ...parts] = propertiesOf(alarm).Metrics;
    const found = parts.map(
      ({ MetricStat: { Metric } }: Data) => `${Metric.MetricName} ${Metric.Dimensions[0].Value}`,
    );
    expect(found).toEqual(on.flatMap((one) => of.map((metric) => `${metric} ${one}`)));
    expect(Expression).toBe(parts.map(({ Id }: Data) => `FILL(${Id}, 0)`).join(' + '));
  });
});

describe('the dashboard', () => {
  const { widgets } = JSON.parse(propertiesOf('Dashboard').DashboardBody);

  it('is made of widgets that do not overlap', () => {
    const places = widgets.map(({ x, y, width, height }: Data) => `${x},${y},${width},${height}`);
    expect(new Set(places).size).toBe(12);
    for (const { x, y, width, height } of widgets)
      expect([x % 8, y % 6, width, height]).toEqual([0, 0, 8, 6]);
  });

  it('reckons GB-seconds with the memory that the functions have', () => {
    const { metrics } = widgets.find(({ properties }: Data) =>
      /GB-seconds/.test(properties.title),
    ).properties;
    const expressions = metrics
      .filter(([first]: Data[]) => first.expression)
      .map(([{ expression }]: Data[]) => expression);
    expect(expressions).toEqual(
      STAGES.map(
        (stage) => `${stage.toLowerCase()}/1000*${propertiesOf(`${stage}Function`).MemorySize}/1024`,
      ),
    );
  });
});
