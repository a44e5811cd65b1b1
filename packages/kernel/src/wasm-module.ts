import { getRandomValues } from 'node:crypto';
import { kernelWasm } from '../dist/kernel-wasm';

/** What assembly/index.ts exports. Addresses come as signed 32-bit numbers: `>>> 0` makes them offsets. */
export interface Exports {
  readonly okLines: WebAssembly.Global<bigint>;
  readonly blankLines: WebAssembly.Global<bigint>;
  readonly rejected: WebAssembly.Global<number>;
  readonly arenaTop: WebAssembly.Global<number>;
  readonly total: WebAssembly.Global<bigint>;
  readonly cutRowBytes: WebAssembly.Global<number>;
  readonly written: WebAssembly.Global<number>;
  readonly writtenTotal: WebAssembly.Global<bigint>;
  readonly rankedCount: WebAssembly.Global<number>;
  readonly dryCount: WebAssembly.Global<number>;
  heapBase(): number;
  secretsAt(): number;
  initTable(slotsAt: number, slotCount: number, arenaAt: number): void;
  moveSlots(to: number, slotCount: number): void;
  clearRows(): void;
  clearSlots(): void;
  flushBatch(): void;
  rowCount(): number;
  longestProbe(): number;
  tableBytes(): number;
  initScan(maxLine: number, scratchAt: number): void;
  initStructure(pathAt: number, names: number, closersAt: number, scratchAt: number): void;
  scanLines(start: number, end: number): number;
  rejectsAt(): number;
  emit(to: number, ends: number, partitions: number, headerBytes: number): number;
  emitBytes(partitions: number, headerBytes: number): number;
  mergeRows(start: number, end: number): number;
  sortRows(items: number): void;
  beginOutput(): void;
  readRanked(least: bigint): void;
  rankedAt(): number;
  itemRoom(items: number, index: number): number;
  writeRows(items: number, to: number, end: number, isText: boolean): number;
  beginRuns(): void;
  runAt(index: number): number;
  enterRun(index: number): number;
  runRoom(): number;
  mergeRuns(to: number, end: number, isText: boolean): number;
  dryAt(): number;
}

export const WASM_PAGE_BYTES = 65_536;

/** What every instance wants at once; the module's own static data lies in it. */
const FIRST_PAGES = 4;

let compiled: WebAssembly.Module | undefined;

/** Once a thread; the code itself is shared by all threads of a process. */
function compile(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(kernelWasm);
  return compiled;
}

/** False where the runtime has no WebAssembly SIMD. What finds that out is of use afterwards. */
export function hasWasmSimd(): boolean {
  try {
    compile();
    return true;
  } catch {
    return false;
  }
}

export function createMemory(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: FIRST_PAGES });
}

/** A fresh instance, with secrets of its own, whatever the memory held before. */
export function instantiate(memory: WebAssembly.Memory): Exports {
  // Static data that is zero at first is not written by a new instance.
  new Uint8Array(memory.buffer, 0, FIRST_PAGES * WASM_PAGE_BYTES).fill(0);
  const { exports: engine } = new WebAssembly.Instance(compile(), { env: { memory, abort: failAssembly } });
  new Uint8Array(memory.buffer).set(createSecrets(), (engine as Exports).secretsAt());
  return engine as Exports;
}

/** Two of the words multiply: odd, so that they lose nothing. */
function createSecrets(): Uint8Array {
  const secrets = getRandomValues(new Uint8Array(256 + 16));
  for (const at of [256, 264]) secrets[at] = (secrets[at] as number) | 1;
  return secrets;
}

function failAssembly(): never {
  throw new Error('kernel: the WebAssembly engine aborted; please report this');
}
