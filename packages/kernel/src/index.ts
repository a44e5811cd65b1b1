import type { Kernel } from './kernel';
import { ReferenceCounter } from './reference-counter';
import { ReferenceMerger } from './reference-merger';

export type { CounterOptions, CountMerger, Kernel, PartitionRows, RejectedLine, UrlCounter } from './kernel';
export { LineAssembler } from './line-assembler';
export { readRecord } from './record';

export const referenceKernel: Kernel = {
  name: 'reference',
  createCounter: (options) => new ReferenceCounter(options),
  createMerger: () => new ReferenceMerger(),
};
