import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { WorkDone } from './stage-deps';

type Work = WorkDone & { readonly storeRetries?: number };

/** As the dashboard and the alarms know them. */
const METRICS = {
  splits: ['Splits', MetricUnit.Count],
  lines: ['Lines', MetricUnit.Count],
  bytes: ['Bytes', MetricUnit.Bytes],
  badRecords: ['BadRecords', MetricUnit.Count],
  spills: ['Spills', MetricUnit.Count],
  partitions: ['Partitions', MetricUnit.Count],
  urls: ['Urls', MetricUnit.Count],
  storeRetries: ['StoreRetries', MetricUnit.Count],
} as const satisfies Record<keyof Work, readonly [name: string, unit: string]>;

export interface LambdaMetrics {
  add(work: Work): void;
  /** Writes what was added since the last time, as one line, with properties to find it by. */
  publish(durationMs: number, properties: Readonly<Record<string, string | number>>): void;
}

/** Metrics in Embedded Metric Format, of the namespace in POWERTOOLS_METRICS_NAMESPACE, by stage. */
export function createLambdaMetrics(stage: string): LambdaMetrics {
  const metrics = new Metrics({ serviceName: stage });
  const start = () => new Map<keyof Work, number>([['storeRetries', 0]]);
  let sums = start();
  return {
    add(work) {
      for (const [name, count] of Object.entries(work) as [keyof Work, number][]) {
        sums.set(name, (sums.get(name) ?? 0) + count);
      }
    },
    publish(durationMs, properties) {
      for (const [work, sum] of sums) {
        const [name, unit] = METRICS[work];
        metrics.addMetric(name, unit, sum);
      }
      metrics.addMetric('Duration', MetricUnit.Milliseconds, durationMs);
      for (const [name, value] of Object.entries(properties)) metrics.addMetadata(name, `${value}`);
      metrics.publishStoredMetrics();
      sums = start();
    },
  };
}
