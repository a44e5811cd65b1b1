import { setImmediate } from 'node:timers/promises';
import type { ObjectStore } from '@mapreduce/shared-utils';
import { DONE } from './fates';
import { interceptStore } from './intercept';
import type { Random } from './random';

/** How long calls may be held up, in turns of the event loop: one task may be done before another begins. */
const PACES = [1, 4, 30];

/** The same store, whose calls wait for a few turns, so that those who use it overtake each other anywhere. */
export function jostled(
  store: ObjectStore,
  random: Random,
  onCall: (nth: number) => Promise<void> | undefined = () => undefined,
): ObjectStore {
  const pace = random.pick(PACES);
  let calls = 0;
  const decide = async () => {
    await onCall(calls++);
    for (let turns = random.below(pace); turns > 0; turns--) await setImmediate();
    return DONE;
  };
  return interceptStore(store, { decide });
}
