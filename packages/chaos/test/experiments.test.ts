import { handlerExperiments } from '../src';

/** `CHAOS_SEED` repeats what was found; the titles say with which. */
const { CHAOS_SEED = String(Date.now() % 2 ** 31) } = process.env;

describe(`under fire, with seed ${CHAOS_SEED}, the pipeline gives`, () => {
  it.each(handlerExperiments)('$name: $promise', async ({ run }) => {
    await run({ seed: Number(CHAOS_SEED), scale: 'short' });
  });
});
