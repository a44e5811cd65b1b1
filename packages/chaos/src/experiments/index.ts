import { type Experiment, inStep } from '../experiment';
import { anyOrder } from './any-order';
import { boundedMemory } from './bounded-memory';
import { changingInput } from './changing-input';
import { corruptParts } from './corrupt-parts';
import { environment } from './environment';
import { everyCall } from './every-call';
import { halfOfCalls } from './half-of-calls';
import { hostileKeys } from './hostile-keys';
import { interrupted } from './interrupted';
import { killTasks } from './kill-tasks';
import { mixedParts } from './mixed-parts';
import { strangers } from './strangers';
import { twins } from './twins';
import { warm } from './warm';
import { zombies } from './zombies';

/** The handlers and the state machine in this process. */
export const handlerExperiments: readonly Experiment[] = [
  killTasks,
  everyCall,
  halfOfCalls,
  twins,
  anyOrder,
  warm,
  zombies,
  strangers,
  mixedParts,
  corruptParts,
  changingInput,
  hostileKeys,
].map(withFindings);

/** The built command line, in processes of its own. */
export const processExperiments: readonly Experiment[] = [interrupted, environment, boundedMemory].map(
  withFindings,
);

export const experiments: readonly Experiment[] = [...handlerExperiments, ...processExperiments];

/** What goes wrong while an experiment is set up is a finding too. */
function withFindings(experiment: Experiment): Experiment {
  return {
    ...experiment,
    run: (options) => inStep(options.seed, experiment.name, () => experiment.run(options)),
  };
}
