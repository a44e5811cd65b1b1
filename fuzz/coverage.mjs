// Which branches of the WebAssembly engine have been taken. run.mjs puts the module with counters in this place.
import { branches } from '../packages/kernel/dist/kernel-wasm';

/** One for all engines. */
const memory = new WebAssembly.Memory({ initial: 1 });
WebAssembly.Instance = class extends WebAssembly.Instance {
  constructor(module, { env }) {
    super(module, { env: { ...env, counters: memory } });
  }
};

/** A feature is a branch that one file has led to once, or two or three times, or four to seven, and so on. */
export function createCoverage() {
  const features = new Uint8Array(branches.length);
  const counts = new Uint32Array(memory.buffer, 0, branches.length);
  return {
    /** Whether the engines have done something since the last call that they had not done before. */
    hasGrown() {
      let hasGrown = false;
      for (let at = 0; at < counts.length; at++) {
        const bit = counts[at] === 0 ? 0 : 1 << Math.min(7, 31 - Math.clz32(counts[at]));
        if ((features[at] & bit) === bit) continue;
        features[at] |= bit;
        hasGrown = true;
      }
      counts.fill(0);
      return hasGrown;
    },
    describe() {
      const taken = features.filter((bits) => bits !== 0).length;
      const bits = features.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
      return `${taken} of ${branches.length} branches, ${bits} features`;
    },
    /** How many branches of which functions. */
    describeMissing() {
      const missing = Map.groupBy(
        [...branches.keys()].filter((at) => features[at] === 0),
        (at) => branches[at],
      );
      return [...missing].map(([name, { length }]) => `${name} ${length}`).join(', ');
    },
  };
}
