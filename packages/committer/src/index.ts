import { parseCommitterEvent, type StageDeps, toWire } from '@mapreduce/shared-utils';
import { commitRun } from './commit-run';

/** The stage as a handler: a wire event in, a wire result out. Runs in Lambda and in the local pool alike. */
export function createCommitterHandler(deps: StageDeps): (event: unknown) => Promise<unknown> {
  return async (event) => toWire(await commitRun(deps, parseCommitterEvent(event)));
}
