import { parseReducerEvent, type StageDeps, toWire } from '@mapreduce/shared-utils';
import { reducePartition } from './reduce-partition';

/** The stage as a handler: a wire event in, a wire result out. Runs in Lambda and in the local pool alike. */
export function createReducerHandler(deps: StageDeps): (event: unknown) => Promise<unknown> {
  return async (event) => toWire(await reducePartition(deps, parseReducerEvent(event)));
}
