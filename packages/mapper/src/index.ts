import { parseMapperEvent, type StageDeps, toWire } from '@mapreduce/shared-utils';
import { mapSplit } from './map-split';

export { readLines } from './read-lines';

/** The stage as a handler: a wire event in, a wire result out. Runs in Lambda and in the local pool alike. */
export function createMapperHandler(deps: StageDeps): (event: unknown) => Promise<unknown> {
  return async (event) => toWire(await mapSplit(deps, parseMapperEvent(event)));
}
