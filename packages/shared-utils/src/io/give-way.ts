/** Longer than this nothing else in the process should have to wait. */
const BLOCKING_MS = 10;

let turn: Promise<void> | null = null;
let dueMs = 0;

/**
 * To be awaited before a call that blocks: lets signals, messages and timers of this thread through when it is
 * time for that. All who come until then wait together, or they would keep the thread busy by turns.
 */
export function giveWay(): Promise<void> | null {
  if (turn === null && performance.now() >= dueMs) {
    turn = new Promise((resolve) => {
      setImmediate(() => {
        turn = null;
        dueMs = performance.now() + BLOCKING_MS;
        resolve();
      });
    });
  }
  return turn;
}
