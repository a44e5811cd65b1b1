import { observed } from './death';
import type { Operation, StoreCall } from './fates';
import type { Place } from './faults';
import type { Job } from './job';
import { executeJob, type TaskAttempt } from './run';
import { type Output, readOutput, requireIdentical, requireKnownAnswer } from './verdict';
import { createWorlds, inWorld, type WorldKind, type Worlds } from './world';

interface AttemptCall extends StoreCall {
  readonly attempt: TaskAttempt;
}

/** An undisturbed run of a job: what every other one must come to, and the calls that it made. */
export interface Reference {
  readonly output: Output;
  readonly tasks: readonly string[];
  readonly calls: readonly AttemptCall[];
  readonly callsOf: ReadonlyMap<string, number>;
}

export interface Bench {
  readonly job: Job;
  readonly worlds: Worlds;
  readonly reference: Reference;
}

/** Sets a job up on one kind of store, runs it undisturbed, and takes everything away in the end. */
export async function onBench<Result>(
  kind: WorldKind,
  job: Job,
  use: (bench: Bench) => Promise<Result>,
): Promise<Result> {
  const worlds = await createWorlds(kind, job);
  try {
    return await use({ job, worlds, reference: await runUndisturbed(job, worlds) });
  } finally {
    await worlds.close();
  }
}

async function runUndisturbed(job: Job, worlds: Worlds): Promise<Reference> {
  return inWorld(worlds, async ({ store }) => {
    const calls: AttemptCall[] = [];
    const report = await executeJob(job, {
      conduct: (attempt, perform) => perform(observed(store, (call) => calls.push({ ...call, attempt }))),
    });
    const output = await readOutput(store);
    await requireIdentical(store, report, output);
    await requireKnownAnswer(store, job);
    const tasks = [...report.attempts.keys()];
    const callsOf = new Map(
      tasks.map((task) => [task, calls.filter(({ attempt }) => attempt.task === task).length]),
    );
    return { output, tasks, calls, callsOf };
  });
}

/** Every call of the undisturbed run, by its task: that does not depend on the order of the tasks. */
export function placesOf({ tasks, calls }: Reference): (Place & { readonly operation: Operation })[] {
  return tasks.flatMap((task) =>
    calls
      .filter(({ attempt }) => attempt.task === task)
      .map(({ operation }, call) => ({ task, call, operation })),
  );
}
