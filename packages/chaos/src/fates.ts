export type Operation = 'head' | 'read' | 'put' | 'write' | 'close' | 'list' | 'delete';

export interface StoreCall {
  readonly operation: Operation;
  /** `bucket/key`; of a deletion the first. */
  readonly name: string;
}

/**
 * What becomes of a call. `before` and `after` the store has done its work; `torn` when half of it was
 * written and cannot be seen; `short` after half of the bytes; `silent` the same without an error, which no
 * store may do.
 */
export type Fate =
  | { readonly form: 'done' | 'silent' }
  | { readonly form: FailingForm; readonly fail: () => Promise<never> };

export type FailingForm = 'before' | 'torn' | 'after' | 'short';
export type Form = Fate['form'];

export const DONE: Fate = { form: 'done' };

/** What a task that has died waits for: one for each, since a promise keeps whoever waits for it. */
export const never = () => new Promise<never>(() => {});

const FORMS_OF: Readonly<Record<Operation, readonly Form[]>> = {
  head: ['before', 'after'],
  read: ['before', 'after', 'short', 'silent'],
  put: ['before', 'torn', 'after'],
  write: ['before', 'torn', 'after'],
  close: ['before', 'torn', 'after'],
  list: ['before', 'after', 'short'],
  delete: ['before', 'after'],
};

export function canTake(operation: Operation, form: Form): boolean {
  return FORMS_OF[operation].includes(form);
}

/** Does what the call asks for, as far as its fate lets it. */
export async function perform<Result>(
  fate: Fate,
  act: () => Promise<Result>,
  actByHalf: () => Promise<void> = async () => {},
): Promise<Result> {
  if (fate.form === 'before') return fate.fail();
  if (fate.form === 'torn') {
    await actByHalf();
    return fate.fail();
  }
  if (fate.form !== 'after') return act();
  // What the answer would have been, an error included, is not to be known.
  await act().catch(() => {});
  return fate.fail();
}
