import { type MessagePort, parentPort } from 'node:worker_threads';
import { createTaskRunner, type StageOutcome, type StageSetup, type StageTask } from './stage-task';

const port = parentPort as MessagePort;
let runTask: ((task: StageTask) => Promise<StageOutcome>) | null = null;
let last: Promise<unknown> = Promise.resolve();

// The first message is the setup. Then come tasks, which are done one after another.
port.on('message', (message: StageSetup | StageTask) => {
  if ('config' in message) {
    runTask = createTaskRunner(message);
    return;
  }
  last = last.then(async () => port.postMessage(await runTask?.(message)));
});
