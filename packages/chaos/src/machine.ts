import { StateMachine } from 'aws-local-stepfunctions';
import express from '../../../sam/statemachine/express.asl.json';
import { type TaskState, taskStates } from './stages';

type Definition = ConstructorParameters<typeof StateMachine>[0];
type JsonValue = Parameters<StateMachine['run']>[0];

const machine = new StateMachine(express as unknown as Definition, {
  validationOptions: { noValidate: true },
});

/** What the machine may try of one task: the first attempt and its retries, from the deployed definition. */
export const MAX_TASK_ATTEMPTS =
  1 + Math.max(...express.States.Plan.Retry.map(({ MaxAttempts }) => MaxAttempts));

/** The pauses before retries are left out: no fault here depends on the time. */
const retryIntervalOverrides = Object.fromEntries(taskStates.map((state) => [state, 0]));

/**
 * Executes the deployed Express state machine, its very file with its retries by error name, with `runTask`
 * in place of Lambda. @throws the error that the machine did not retry away
 */
export async function executeExpress(
  input: object,
  executionId: string,
  runTask: (state: TaskState, payload: unknown) => Promise<unknown>,
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
      Execution: { Id: executionId, Input: input as JsonValue, StartTime: new Date(0).toISOString() },
    },
    overrides: { taskResourceLocalHandlers: Object.fromEntries(handlers), retryIntervalOverrides },
  });
  try {
    return await execution.result;
  } catch (error) {
    throw taskError ?? error;
  }
}
