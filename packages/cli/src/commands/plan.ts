import { availableParallelism } from 'node:os';
import type { ConnectionFlags } from '../cloud/connect';
import { estimateRun } from '../cloud/cost-model';
import { draftRun } from '../cloud/draft-run';
import { isS3Uri } from '../cloud/s3-uri';
import { printJson } from '../render/output';
import { formatPlanReport, type PlanReport } from '../render/plan-report';

export interface PlanFlags extends ConnectionFlags {
  readonly numBuckets: number;
  readonly splitBytes: number;
  readonly mapperMemory: number;
  readonly concurrency: number;
  readonly urlsPerSplit: number;
  readonly json?: true;
}

/** What one core of a laptop is sure to count of plain files; docs/benchmarks.md has what it does measure. */
const LOCAL_BYTES_PER_SECOND = 500_000_000;

/** Shorter than this on one machine, nothing is won by starting a thousand functions. */
const SHORT_SECONDS = 120;

const URL_BYTES = 80;

/** Says what a run would read, how it would be cut, what it would cost on AWS, and where it is best done. */
export async function plan(args: readonly string[], { json, ...flags }: PlanFlags): Promise<void> {
  const draft = await draftRun(args, flags.splitBytes, flags);
  const { inputs, machine, limit, plan: cut } = draft;
  const environment: { AWS_REGION?: string; AWS_DEFAULT_REGION?: string } = process.env;
  const region = flags.region ?? environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION ?? 'us-east-1';
  const estimate = estimateRun(draft, {
    region,
    partitions: flags.numBuckets,
    mapperMemoryMb: flags.mapperMemory,
    concurrency: flags.concurrency,
    urlsPerSplit: flags.urlsPerSplit,
    urlBytes: URL_BYTES,
  });
  const localSeconds = args.some(isS3Uri)
    ? null
    : cut.plannedBytes / LOCAL_BYTES_PER_SECOND / availableParallelism();
  const report: PlanReport = {
    inputs: inputs.length,
    bytes: cut.plannedBytes,
    compressed: inputs.filter(({ compression }) => compression !== 'none').length,
    splits: cut.splits.length,
    splitBytes: cut.splitBytes,
    machine,
    limit,
    seconds: estimate.seconds,
    localSeconds,
    advice: localSeconds !== null && localSeconds < SHORT_SECONDS ? 'local' : machine,
    requests: estimate.requests,
    cost: estimate.lines,
    dollars: estimate.dollars,
    athenaDollars: estimate.athenaDollars,
    region,
    pricesOf: estimate.pricesOf,
  };
  if (json) printJson(report);
  else process.stdout.write(formatPlanReport(report));
}
