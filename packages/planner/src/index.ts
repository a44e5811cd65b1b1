import { parsePlannerEvent, type StageDeps, toWire } from '@mapreduce/shared-utils';
import { planRun } from './plan-run';

export { type DraftPlan, draftPlan } from './draft-plan';
export { findInputs } from './find-inputs';

/** The stage as a handler: a wire event in, a wire result out. Runs in Lambda and in the local pool alike. */
export function createPlannerHandler(deps: StageDeps): (event: unknown) => Promise<unknown> {
  return async (event) => toWire(await planRun(deps, parsePlannerEvent(event)));
}
