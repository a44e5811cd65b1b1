export { experiments, handlerExperiments, processExperiments } from './experiments';
