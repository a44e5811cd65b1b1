import { InputChangedError, type ObjectStore, StoreUnavailableError } from '@mapreduce/shared-utils';
import { type Death, dieAt } from './death';
import { canTake, DONE, type Fate, type Form, type Operation } from './fates';
import { interceptStore } from './intercept';
import type { Conduct } from './run';
import type { Verdict } from './verdict';
import type { World } from './world';

/** One call of one task: the first attempt's, counted from 0. */
export interface Place {
  readonly task: string;
  readonly call: number;
}

/** A way in which one call can go wrong, and the ends to which a run may come by it. */
export interface Fault {
  readonly name: string;
  readonly form: Form;
  readonly ends: readonly Verdict[];
  readonly isPossible: (operation: Operation) => boolean;
  /** The conduct of a run in which it happens at that place. */
  readonly conduct: (world: World, place: Place) => Conduct;
}

const unavailable = () =>
  new StoreUnavailableError('injected: expected an answer, got none; try again later');
const broken = () => Object.assign(new Error('injected: EIO: i/o error'), { code: 'EIO' });
const changed = () => new InputChangedError('injected: expected another etag; start a new run');

const SURVIVED: readonly Verdict[] = ['identical'];
const EITHER: readonly Verdict[] = ['identical', 'failed'];

/** Every form of every call. What may succeed on a retry must; nothing may end in a third state. */
export const FAULTS: readonly Fault[] = [
  failure('error before', 'before', unavailable, SURVIVED),
  failure('torn write', 'torn', unavailable, SURVIVED),
  failure('response lost', 'after', unavailable, SURVIVED),
  failure('short body', 'short', unavailable, SURVIVED),
  failure('short body without an error', 'silent', unavailable, EITHER),
  failure('permanent error before', 'before', broken, EITHER),
  failure('permanent error after', 'after', broken, EITHER),
  {
    ...failure('changed etag', 'before', changed, EITHER),
    isPossible: (operation) => operation === 'read' || operation === 'head',
  },
  death('death before', 'before'),
  death('death after', 'after'),
  outage('outage from then on', 'before'),
  outage('response lost, then outage', 'after'),
];

function failure(name: string, form: Form, error: () => Error, ends: readonly Verdict[]): Fault {
  return {
    name,
    form,
    ends,
    isPossible: (operation) => canTake(operation, form),
    conduct: (world, place) => (attempt, perform) => {
      const isStruck = attempt.task === place.task && attempt.number === 0;
      return perform(isStruck ? failingAt(world, place.call, fateOf(form, error)) : world.store);
    },
  };
}

function death(name: string, form: 'before' | 'after'): Fault {
  return {
    name,
    form,
    ends: SURVIVED,
    isPossible: (operation) => canTake(operation, form),
    conduct: (world, place) => (attempt, perform) => {
      const isStruck = attempt.task === place.task && attempt.number === 0;
      const end: Death = { atCall: place.call, form, name: 'Lambda.Unknown' };
      return isStruck ? dieAt(world, end, perform) : perform(world.store);
    },
  };
}

/** From that call on the store is gone for everyone; what stands there by then may be a whole output. */
function outage(name: string, form: 'before' | 'after'): Fault {
  return {
    name,
    form,
    ends: ['identical', 'failed', 'unheard'],
    isPossible: (operation) => canTake(operation, form),
    conduct: (world, place) => {
      let isOut = false;
      return (attempt, perform) => {
        let calls = 0;
        const decide = (): Fate => {
          if (isOut) return fateOf('before', unavailable);
          isOut = attempt.task === place.task && attempt.number === 0 && calls++ === place.call;
          return isOut ? fateOf(form, unavailable) : DONE;
        };
        return perform(interceptStore(world.store, { decide, leaveHalf: world.leaveHalf }));
      };
    },
  };
}

function failingAt({ store, leaveHalf }: World, at: number, fate: Fate): ObjectStore {
  let calls = 0;
  return interceptStore(store, { decide: () => (calls++ === at ? fate : DONE), leaveHalf });
}

function fateOf(form: Form, error: () => Error): Fate {
  return form === 'done' || form === 'silent'
    ? { form }
    : { form, fail: async () => Promise.reject(error()) };
}
