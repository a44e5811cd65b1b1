import type { ObjectStore } from '@mapreduce/shared-utils';
import { canTake, DONE, type FailingForm, type Fate, never, type StoreCall } from './fates';
import { interceptStore } from './intercept';
import type { Perform } from './run';
import type { World } from './world';

/** What Step Functions calls a Lambda that was killed, ran out of memory or of time. */
export const DEATHS = ['Lambda.Unknown', 'Sandbox.Timedout', 'Runtime.ExitError'] as const;

export interface Death {
  /** The call that it does not survive, counted from 0. */
  readonly atCall: number;
  /** `before` where the call cannot end in this form. */
  readonly form: FailingForm;
  readonly name: (typeof DEATHS)[number];
}

/**
 * Performs an attempt that dies at one of its calls to the store: nothing it does afterwards is seen, what it
 * held open is gone, and what it had half written stays as the store leaves it.
 */
export async function dieAt(
  { store, leaveHalf }: World,
  { atCall, form, name }: Death,
  perform: Perform,
  onCall: (call: StoreCall) => void = () => {},
): Promise<unknown> {
  const held = new Set<() => Promise<void>>();
  let calls = 0;
  let isDead = false;
  let die = (_: Error): void => {};
  const death = new Promise<never>((_, reject) => {
    die = reject;
  });
  const fail = async (): Promise<never> => {
    isDead = true;
    for (const letGo of held) await letGo();
    die(Object.assign(new Error('the task died'), { name }));
    return never();
  };
  const decide = (call: StoreCall): Fate | Promise<Fate> => {
    if (isDead) return never();
    onCall(call);
    if (calls++ !== atCall) return DONE;
    return { form: canTake(call.operation, form) ? form : 'before', fail };
  };
  const onOpen = (letGo: () => Promise<void>) => {
    held.add(letGo);
    return () => void held.delete(letGo);
  };
  return Promise.race([perform(interceptStore(store, { decide, leaveHalf, onOpen })), death]);
}

/** The same store, with its calls counted. */
export function observed(store: ObjectStore, onCall: (call: StoreCall) => void): ObjectStore {
  return interceptStore(store, {
    decide: (call) => {
      onCall(call);
      return DONE;
    },
  });
}
