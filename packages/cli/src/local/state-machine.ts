import { StateMachine } from 'aws-local-stepfunctions';
import express from '../../../../sam/statemachine/express.asl.json';
import { type TaskState, taskStates } from './stages';

type Definition = ConstructorParameters<typeof StateMachine>[0];
type JsonValue = Parameters<StateMachine['run']>[0];

/** Valid as a test has found it; to find that again would cost every start 50 ms. */
const machine = new StateMachine(express as unknown as Definition, {
  validationOptions: { noValidate: true },
});

type RunTask = (state: TaskState, payload: unknown) => Promise<unknown>;

interface ExecuteOptions {
  readonly executionId: string;
  readonly runTask: RunTask;
  readonly signal: AbortSignal;
}

/**
 * Executes the deployed Express state machine, its very file, with local tasks in place of Lambda.
 * @throws the first error that a task threw and the machine did not retry away
 */
export async function executeExpress(
  input: object,
  { executionId, runTask, signal }: ExecuteOptions,
): Promise<unknown> {
  let taskError: unknown;
  const handlers = taskStates.map((state) => [
    state,
    async (parameters: unknown) => {
      try {
        return { Payload: await runTask(state, (parameters as { Payload: unknown }).Payload) };
      } catch (error) {
        taskError = error;
        throw error;
      }
    },
  ]);
  const execution = machine.run(input as JsonValue, {
    context: {
      Execution: { Id: executionId, Input: input as JsonValue, StartTime: new Date().toISOString() },
    },
    overrides: { taskResourceLocalHandlers: Object.fromEntries(handlers) },
  });
  if (signal.aborted) execution.abort();
  signal.addEventListener('abort', () => execution.abort(), { once: true });
  try {
    return await execution.result;
  } catch (error) {
    throw taskError ?? error;
  }
}
