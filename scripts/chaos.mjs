// `npx -y pnpm@10 chaos`: bundles the experiments from the sources and runs them. docs/guarantees.md says what they hold.
import { build } from 'esbuild';
import { buildKernel, bundleOptions } from './build.mjs';

const outfile = 'packages/chaos/dist/chaos.mjs';

await buildKernel();
await build({
  ...bundleOptions,
  entryPoints: ['packages/chaos/src/main.ts'],
  outfile,
  external: ['aws-local-stepfunctions'],
});
await import(`../${outfile}`);
