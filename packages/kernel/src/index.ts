import type { Kernel } from './kernel';
import { ReferenceCounter } from './reference-counter';
import { ReferenceMerger } from './reference-merger';
import { WasmCounter } from './wasm-counter';
import { WasmMerger } from './wasm-merger';
import { hasWasmSimd } from './wasm-module';

export type {
  CounterOptions,
  CountMerger,
  Emission,
  Kernel,
  MergerOptions,
  PartitionRows,
  ReadRun,
  RejectedLine,
  UrlCounter,
} from './kernel';
export { MAX_MERGED_RUNS } from './kernel';
export { LineAssembler } from './line-assembler';
export { readRecord } from './record';
export { decodeRows } from './rows';

/** One `JSON.parse` a line: the definition, and the engine where there is no WebAssembly SIMD. */
export const referenceKernel: Kernel = {
  name: 'reference',
  createCounter: (options) => new ReferenceCounter(options),
  createMerger: (options) => new ReferenceMerger(options),
};

/** Six to twelve times as fast, and held to the reference by differential tests. */
export const wasmKernel: Kernel = {
  name: 'wasm',
  createCounter: (options) => new WasmCounter(options),
  createMerger: (options) => new WasmMerger(options),
};

/** The engine asked for; without a wish the fastest that this runtime has. */
export function chooseKernel(engine: Kernel['name'] | undefined): Kernel {
  if (engine === 'reference' || (engine === undefined && !hasWasmSimd())) return referenceKernel;
  return wasmKernel;
}
