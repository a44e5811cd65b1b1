import { parseGroupingEvent, type StageDeps, toWire } from '@mapreduce/shared-utils';
import { groupSegments } from './group-segments';

/** The stage as a handler: a wire event in, a wire result out. Runs in Lambda and in the local pool alike. */
export function createGroupingHandler(deps: StageDeps): (event: unknown) => Promise<unknown> {
  return async (event) => toWire(await groupSegments(deps, parseGroupingEvent(event)));
}
