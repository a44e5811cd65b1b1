import type { DraftPlan } from '@mapreduce/planner';
import { addRequests, predictRequests, type RequestCounts } from '@mapreduce/shared-utils';
import type { DraftRun } from './draft-run';
import prices from './prices.json';

type Prices = (typeof prices)['regions']['us-east-1'];

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

/** One vCPU is to be had from 1,769 MB; S3 gives a function this much, whatever its memory, from 512 MB up. */
const BYTES_PER_SECOND = 69_000_000;

/** Of a task beside its bytes: starting, looking up its part of the plan, committing. */
const SECONDS_PER_TASK = 0.3;

/** An answer of S3 to a small request, and how many of these the planner and grouping have open at once. */
const SECONDS_PER_REQUEST = 0.03;
const REQUESTS_AT_ONCE = 64;
const SEGMENTS_AT_ONCE = 32;

/** Of every function but the mapper, in the templates. */
const STAGE_MEMORY_MB = 1024;

/** What an Express execution with small payloads is billed for. */
const EXPRESS_MEMORY_MB = 64;
const INLINE_CONCURRENCY = 40;

/** Athena bills at least this much of a query. */
const ATHENA_MIN_BYTES = 10_000_000;

export interface CloudSettings {
  readonly partitions: number;
  readonly mapperMemoryMb: number;
  readonly concurrency: number;
  readonly region: string;
  readonly urlsPerSplit: number;
  readonly urlBytes: number;
}

export interface CostLine {
  readonly item: string;
  readonly quantity: number;
  readonly unit: string;
  readonly dollars: number;
}

export interface Estimate {
  readonly seconds: number;
  readonly requests: RequestCounts;
  readonly lines: readonly CostLine[];
  readonly dollars: number;
  readonly athenaDollars: number;
  /** Where the prices are from: another one where none are known for that of the run. */
  readonly pricesOf: string;
}

interface StageWork {
  readonly tasks: number;
  /** Of all tasks together, one after another. */
  readonly seconds: number;
  readonly longest: number;
  readonly memoryMb: number;
}

/** What a planned run would cost, and roughly how long it would take, if nothing has to be repeated. */
export function estimateRun(
  { inputs, named, listed, machine, plan: { splits, plannedBytes, groupCount } }: DraftRun,
  settings: CloudSettings,
): Estimate {
  const { partitions, region } = settings;
  const nonEmpty = inputs.filter(({ size }) => size > 0).length;
  const requests = addRequests(
    ...Object.values(
      predictRequests({
        inputs: { named, listed, nonEmpty },
        inputCount: inputs.length,
        splits,
        groups: groupCount,
        partitions,
        urlsPerSplit: settings.urlsPerSplit,
        urlBytes: settings.urlBytes,
      }),
    ),
  );
  const stages = estimateStages({ splits, groupCount, inputCount: inputs.length }, settings);
  const known: Record<string, Prices> = prices.regions;
  const pricesOf = region in known ? region : 'us-east-1';
  const price = known[pricesOf] as Prices;
  const seconds = stages.reduce(
    (sum, stage) => sum + elapsed(stage, machine === 'express' ? INLINE_CONCURRENCY : settings.concurrency),
    0,
  );
  const lines = [
    ...lambdaLines(stages, price),
    ...s3Lines(requests, price),
    ...stepFunctionsLines(machine, stages, seconds, price),
  ];
  return {
    seconds,
    requests,
    lines,
    dollars: lines.reduce((sum, { dollars }) => sum + dollars, 0),
    athenaDollars: (Math.max(plannedBytes, ATHENA_MIN_BYTES) / 1e12) * price.athena_terabyte,
    pricesOf,
  };
}

function estimateStages(
  {
    splits,
    groupCount,
    inputCount,
  }: Pick<DraftPlan, 'splits' | 'groupCount'> & { readonly inputCount: number },
  { partitions, mapperMemoryMb, urlsPerSplit, urlBytes }: CloudSettings,
): readonly StageWork[] {
  const mapSeconds = splits.map(({ ranges }) => {
    const bytes = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
    return SECONDS_PER_TASK + bytes / BYTES_PER_SECOND + (ranges.length - 1) * SECONDS_PER_REQUEST;
  });
  const requestsOf = (count: number, atOnce: number) => (count / atOnce) * SECONDS_PER_REQUEST;
  const shuffleBytes = splits.length * urlsPerSplit * urlBytes;
  const reduceSeconds =
    SECONDS_PER_TASK +
    Math.max(shuffleBytes / partitions / BYTES_PER_SECOND, requestsOf(splits.length, SEGMENTS_AT_ONCE));
  const groupSeconds = SECONDS_PER_TASK + requestsOf(splits.length / groupCount, REQUESTS_AT_ONCE);
  return [
    stageOf([SECONDS_PER_TASK + requestsOf(inputCount, REQUESTS_AT_ONCE)], STAGE_MEMORY_MB),
    stageOf(mapSeconds, mapperMemoryMb),
    stageOf(new Array<number>(groupCount).fill(groupSeconds), STAGE_MEMORY_MB),
    stageOf(new Array<number>(partitions).fill(reduceSeconds), STAGE_MEMORY_MB),
    stageOf(
      [SECONDS_PER_TASK + requestsOf(partitions + inputCount / 1000, REQUESTS_AT_ONCE)],
      STAGE_MEMORY_MB,
    ),
  ];
}

function stageOf(seconds: readonly number[], memoryMb: number): StageWork {
  return {
    tasks: seconds.length,
    seconds: seconds.reduce((sum, each) => sum + each, 0),
    longest: seconds.reduce((most, each) => Math.max(most, each), 0),
    memoryMb,
  };
}

/** An even share of the whole for each of the lanes, and no less than the longest task. */
function elapsed({ seconds, longest }: StageWork, tasksAtOnce: number): number {
  return Math.max(longest, seconds / tasksAtOnce);
}

function lambdaLines(stages: readonly StageWork[], price: Prices): CostLine[] {
  const gbSeconds = stages.reduce((sum, { seconds, memoryMb }) => sum + (seconds * memoryMb * MIB) / GIB, 0);
  const invocations = stages.reduce((sum, { tasks }) => sum + tasks, 0);
  return [
    line('Lambda compute', gbSeconds, 'GB-seconds', price.lambda_gb_second),
    line('Lambda requests', invocations, 'requests', price.lambda_million_requests / 1e6),
  ];
}

function s3Lines({ puts, gets, lists }: RequestCounts, price: Prices): CostLine[] {
  return [
    line('S3 PUT, LIST', puts + lists, 'requests', price.s3_thousand_puts / 1000),
    line('S3 GET', gets, 'requests', price.s3_thousand_gets / 1000),
  ];
}

/** The parent of the batch machine enters a state for every task that is not a child of its own, and some more. */
function stepFunctionsLines(
  machine: DraftRun['machine'],
  stages: readonly StageWork[],
  seconds: number,
  price: Prices,
): CostLine[] {
  const [, map, group, reduce] = stages as readonly [StageWork, StageWork, StageWork, StageWork];
  const isBatch = machine === 'batch';
  const executions = isBatch ? map.tasks + reduce.tasks : 1;
  const executionSeconds = isBatch ? map.seconds + reduce.seconds : seconds;
  const gbSeconds = (executionSeconds * EXPRESS_MEMORY_MB) / 1024;
  const express = [
    line('Express executions', executions, 'requests', price.express_million_requests / 1e6),
    line('Express duration', gbSeconds, 'GB-seconds', price.express_gb_second),
  ];
  if (!isBatch) return express;
  return [
    line('Standard machine', group.tasks + 7, 'transitions', price.standard_million_transitions / 1e6),
    ...express,
  ];
}

function line(item: string, quantity: number, unit: string, price: number): CostLine {
  return { item, quantity, unit, dollars: quantity * price };
}
