import { type MessagePort, parentPort } from 'node:worker_threads';
import { createTaskRunner, type StageOutcome, type StageSetup, type StageTask } from './stage-task';

const port = parentPort as MessagePort;
let runTask: ((task: StageTask) => Promise<StageOutcome>) | null = null;
let isOneByOne = true;
let last: Promise<unknown> = Promise.resolve();

// The first message is the setup. Then come tasks, which are answered in their order.
port.on('message', (message: StageSetup | StageTask) => {
  if ('config' in message) {
    runTask = createTaskRunner(message);
    isOneByOne = message.tasksAtOnce === 1;
    return;
  }
  const run = () => runTask?.(message);
  const outcome = isOneByOne ? last.then(run) : run();
  last = last.then(async () => port.postMessage(await outcome));
});
