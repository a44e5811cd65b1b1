/** Where the objects of a run are, relative to the temporary bucket. Nothing is ever found by listing. */
export interface RunKeys {
  readonly prefix: string;
  readonly plan: string;
  mapCommit(split: number): string;
  /** The segments of a group of splits: a line a partition, and where each begins. */
  partitions(group: number): string;
  partitionIndex(group: number): string;
  groupSummary(group: number): string;
  reduceCommit(partition: number): string;
  /** Objects of one attempt; only a commit record makes them count. */
  attempt(kind: AttemptKind, attempt: string, split?: number): string;
}

const ATTEMPT_OBJECTS = {
  splits: 'plan-*.jsonl',
  splitIndex: 'plan-*.index',
  inputs: 'inputs-*.jsonl',
  shuffle: 'shuffle/*.bin',
  rejects: 'rejects/*.jsonl',
} as const;

type AttemptKind = keyof typeof ATTEMPT_OBJECTS;

export function runKeys(runId: string): RunKeys {
  const prefix = `runs/${runId}/`;
  return {
    prefix,
    plan: `${prefix}plan.json`,
    mapCommit: (split) => `${prefix}map/${split}.json`,
    partitions: (group) => `${prefix}partitions/${group}.jsonl`,
    partitionIndex: (group) => `${prefix}partitions/${group}.index`,
    groupSummary: (group) => `${prefix}groups/${group}.json`,
    reduceCommit: (partition) => `${prefix}reduce/${partition}.json`,
    attempt: (kind, attempt, split) =>
      prefix + ATTEMPT_OBJECTS[kind].replace('*', split === undefined ? attempt : `${split}-${attempt}`),
  };
}

/** `outputPrefix` ends with `/` or is empty, as the planner left it in the run's configuration. */
export function outputKey(outputPrefix: string, partition: number): string {
  return `${outputPrefix}bucket_${partition}.json`;
}

export function manifestKey(outputPrefix: string): string {
  return `${outputPrefix}manifest.json`;
}

export function rejectsKey(outputPrefix: string, split: number): string {
  return `${outputPrefix}rejects/${split}.jsonl`;
}
