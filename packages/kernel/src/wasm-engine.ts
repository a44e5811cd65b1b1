import { getRandomValues } from 'node:crypto';
import { kernelWasm } from '../dist/kernel-wasm';

/** What assembly/index.ts exports. Addresses come as signed 32-bit numbers: `>>> 0` makes them offsets. */
interface Exports {
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

const WASM_PAGE_BYTES = 65_536;

/** The runtime counts a memory that grows as one more until it has collected garbage, so it seldom may. */
const GROWTH_PAGES = 512;

/** What the engine may read or write beyond the end of anything. */
const SLACK_BYTES = 64;

/** Behind each other: the widest vector, and no two regions in one cache line. */
const ALIGNMENT = 64;

/** A table passes its budget by what is added before anyone looks, most often a piece of 1 MiB. */
const MARGIN_BYTES = 2 * 1024 * 1024;
const MAX_FIRST_ARENA_BYTES = 64 * 1024 * 1024;
const FIRST_SLOTS = 65_536;
const SLOT_BYTES = 8;

/** The shortest input that can hold a key: a packed row with an empty one; a line takes twice as much. */
const MIN_BYTES_PER_KEY = 4;

/** A row of the table is at most this many times as long as the input that it came from: 16 bytes for four. */
const ROW_GROWTH = 4;

/** What every instance wants at once; the module's own static data lies in it. */
const FIRST_PAGES = 4;

let compiled: WebAssembly.Module | undefined;
/** A memory that was given back: its pages are there already, and fresh ones cost as much as counting. */
interface Spare {
  readonly memory: WebAssembly.Memory;
  /** Where the table began: the next one's begins no lower, so that it is the same pages that are used. */
  readonly tableAt: number;
  /** How many slots the table had in the end: the next one most often wants as many. */
  readonly slotCount: number;
}

let spare: Spare | undefined;
let isSupported: boolean | undefined;

/** False where the runtime has no WebAssembly SIMD. */
export function hasWasmSimd(): boolean {
  isSupported ??= WebAssembly.validate(kernelWasm);
  return isSupported;
}

/**
 * A fresh instance of the engine over a memory that may have been used before: fixed regions from the bottom up, then the arena, then the
 * slots, then room for whatever a single call needs. Untouched memory costs nothing, so regions are laid out
 * for the worst case; whoever uses one for the first time must not expect zeros in it.
 */
export class WasmEngine {
  readonly exports: Exports;
  bytes: Uint8Array;
  view: DataView;
  readonly #memory: WebAssembly.Memory;
  readonly #spare = spare;
  #isReleased = false;
  /** Something else stands in the place of the slots. */
  #areSlotsReplaced = false;
  #fixedTop: number;
  #slotsAt = 0;
  #slotCount = this.#spare?.slotCount ?? FIRST_SLOTS;

  constructor() {
    compiled ??= new WebAssembly.Module(kernelWasm);
    this.#memory = this.#spare?.memory ?? new WebAssembly.Memory({ initial: FIRST_PAGES });
    spare = undefined;
    this.bytes = new Uint8Array(this.#memory.buffer);
    this.view = new DataView(this.#memory.buffer);
    // Static data that is zero at first is not written again by a new instance.
    if (this.#spare !== undefined) this.bytes.fill(0, 0, FIRST_PAGES * WASM_PAGE_BYTES);
    const env = { memory: this.#memory, abort: failAssembly };
    this.exports = new WebAssembly.Instance(compiled, { env }).exports as Exports;
    this.#fixedTop = align(this.exports.heapBase());
    this.bytes.set(createSecrets(), this.exports.secretsAt());
  }

  /** A region for good, with slack behind it; only before `startTable`, which makes it usable. */
  reserve(size: number): number {
    const at = this.#fixedTop;
    this.#fixedTop = align(at + size + SLACK_BYTES);
    return at;
  }

  /** Lays out the table above all that was reserved. Rows past its budget have the slots moved out of their way. */
  startTable(tableBytes: number): void {
    this.#fixedTop = Math.max(this.#fixedTop, this.#spare?.tableAt ?? 0);
    this.#slotsAt = align(this.#fixedTop + Math.min(tableBytes + MARGIN_BYTES, MAX_FIRST_ARENA_BYTES));
    this.#require(this.#slotsEnd);
    // Fresh memory is zero, and costs nothing until it is touched.
    if (this.#spare !== undefined) this.bytes.fill(0, this.#slotsAt, this.#slotsEnd);
    this.exports.initTable(this.#slotsAt, this.#slotCount, this.#fixedTop);
  }

  /** Sees to it that the keys of `inputBytes` fit, however many and long they are. */
  makeRoom(inputBytes: number): void {
    if (this.#areSlotsReplaced) this.exports.clearSlots();
    this.#areSlotsReplaced = false;
    const { arenaTop, rowCount } = this.exports;
    const arenaNeeded = (arenaTop.value >>> 0) + ROW_GROWTH * inputBytes + SLACK_BYTES;
    const rowsNeeded = rowCount() + inputBytes / MIN_BYTES_PER_KEY;
    if (arenaNeeded <= this.#slotsAt && 2 * rowsNeeded <= this.#slotCount) return;
    while (this.#slotCount < 2 * rowsNeeded) this.#slotCount *= 2;
    const arenaBytes = arenaNeeded - this.#fixedTop;
    this.#slotsAt = align(Math.max(this.#slotsEnd, this.#fixedTop + 2 * arenaBytes));
    this.#require(this.#slotsEnd);
    this.exports.moveSlots(this.#slotsAt, this.#slotCount);
  }

  /** A region above everything, or above what the caller knows to be the last, for the next call only. */
  borrow(size: number, above = this.#slotsEnd): number {
    const at = align(above);
    this.#require(at + size + SLACK_BYTES);
    return at;
  }

  /** A region right above the rows, slots or not; they must be cleared before more are added. */
  replaceSlots(size: number): number {
    this.#areSlotsReplaced = true;
    return this.borrow(size, (this.exports.arenaTop.value >>> 0) + SLACK_BYTES);
  }

  /** Gives the table's place away, for good. */
  endTable(): number {
    return this.#fixedTop;
  }

  /** Leaves the memory to the next engine of this thread; nothing may be called or looked at afterwards. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    spare = { memory: this.#memory, tableAt: this.#fixedTop, slotCount: this.#slotCount };
  }

  get #slotsEnd(): number {
    return this.#slotsAt + this.#slotCount * SLOT_BYTES;
  }

  #require(end: number): void {
    const missing = end - this.#memory.buffer.byteLength;
    if (missing <= 0) return;
    this.#memory.grow(Math.ceil(missing / WASM_PAGE_BYTES / GROWTH_PAGES) * GROWTH_PAGES);
    this.bytes = new Uint8Array(this.#memory.buffer);
    this.view = new DataView(this.#memory.buffer);
  }
}

/** Two of the words multiply: odd, so that they lose nothing. */
function createSecrets(): Uint8Array {
  const secrets = getRandomValues(new Uint8Array(256 + 16));
  for (const at of [256, 264]) secrets[at] = (secrets[at] as number) | 1;
  return secrets;
}

function align(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}

function failAssembly(): never {
  throw new Error('kernel: the WebAssembly engine aborted; please report this');
}
