import { toWire } from '@mapreduce/shared-utils';

const DEFAULT_COLUMNS = 120;

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(toWire(value), null, 2)}\n`);
}

/** Of the terminal. */
export function columns(): number {
  return process.stdout.columns ?? DEFAULT_COLUMNS;
}
