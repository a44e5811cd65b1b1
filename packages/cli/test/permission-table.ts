/** The deployed stack's permissions, a line for each action and resource. Buckets have their logical names. */

export const PERMITTED_STAGES = ['Planner', 'Mapper', 'Grouping', 'Reducer', 'Committer'] as const;

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
  ...PERMITTED_STAGES.map((stage) => `lambda:InvokeFunction ${stage}Function.Arn`),
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
export const PERMISSIONS: Record<string, readonly string[]> = {
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
