import { InvalidInputError } from '@mapreduce/shared-utils';
import { createMemory, type Exports, instantiate, WASM_PAGE_BYTES } from './wasm-module';

/** The runtime counts a memory that grows as one more until it has collected garbage, so it seldom may. */
const GROWTH_PAGES = 512;
const MAX_PAGES = 65_536;

/** What the engine may read or write beyond the end of anything. */
const SLACK_BYTES = 64;

/** Behind each other: the widest vector, and no two regions in one cache line. */
const ALIGNMENT = 64;

/** A table passes its budget by what is added before anyone looks, most often a piece of 1 MiB. */
const MARGIN_BYTES = 2 * 1024 * 1024;
const MAX_FIRST_ARENA_BYTES = 64 * 1024 * 1024;
const FIRST_SLOTS = 65_536;
const SLOT_BYTES = 8;

/** What a row has beside its key: count, length and padding. */
const MAX_ROW_OVERHEAD_BYTES = 12 + 7;

/** A memory that was given back: its pages are there already, and fresh ones cost as much as counting. */
interface Spare {
  readonly memory: WebAssembly.Memory;
  /** Where the table began: the next one's begins no lower, so that it is the same pages that are used. */
  readonly tableAt: number;
  /** How many slots the table had in the end: the next one most often wants as many. */
  readonly slotCount: number;
}

/** Above this the room below the table is worth more than pages that are there already. */
const MAX_SPARE_TABLE_AT = 128 * 1024 * 1024;

let spare: Spare | null = null;

/**
 * A fresh instance of the engine over a memory that may have been used before: fixed regions from the bottom
 * up, then the arena, then the slots, then room for whatever a single call needs. Untouched memory costs
 * nothing, so regions are laid out for the worst case; nobody may expect zeros in them.
 */
export class WasmEngine {
  readonly exports: Exports;
  bytes: Uint8Array;
  view: DataView;
  readonly #spare: Spare | null;
  readonly #memory: WebAssembly.Memory;
  #isReleased = false;
  #fixedTop: number;
  #slotsAt = 0;
  #slotCount: number;
  /** Something else stands in the place of the slots. */
  #areSlotsReplaced = false;

  constructor() {
    this.#spare = spare;
    spare = null;
    this.#memory = this.#spare?.memory ?? createMemory();
    this.#slotCount = this.#spare?.slotCount ?? FIRST_SLOTS;
    this.exports = instantiate(this.#memory);
    this.bytes = new Uint8Array(this.#memory.buffer);
    this.view = new DataView(this.#memory.buffer);
    this.#fixedTop = align(this.exports.heapBase());
  }

  /** A region for good, with slack behind it; only before `startTable`, which makes it usable. */
  reserve(size: number): number {
    const at = this.#fixedTop;
    this.#fixedTop = align(at + size + SLACK_BYTES);
    return at;
  }

  /** Lays out the table above all that was reserved; rows far past its budget have the slots move out of their way. */
  startTable(tableBytes: number): void {
    const spareTableAt = this.#spare?.tableAt ?? 0;
    if (spareTableAt <= MAX_SPARE_TABLE_AT) this.#fixedTop = Math.max(this.#fixedTop, spareTableAt);
    this.#slotsAt = align(this.#fixedTop + Math.min(tableBytes + MARGIN_BYTES, MAX_FIRST_ARENA_BYTES));
    this.#require(this.#slotsEnd);
    // Fresh memory is zero, and costs nothing until it is touched.
    if (this.#spare !== null) this.bytes.fill(0, this.#slotsAt, this.#slotsEnd);
    this.exports.initTable(this.#slotsAt, this.#slotCount, this.#fixedTop);
  }

  /** Sees to it that `keys` more fit, which have at most `keyBytes` together. */
  makeRoom(keys: number, keyBytes: number): void {
    if (this.#areSlotsReplaced) this.exports.clearSlots();
    this.#areSlotsReplaced = false;
    const { arenaTop, rowCount } = this.exports;
    const arenaNeeded = (arenaTop.value >>> 0) + keyBytes + keys * MAX_ROW_OVERHEAD_BYTES + SLACK_BYTES;
    const slotsNeeded = 2 * (rowCount() + keys);
    if (arenaNeeded <= this.#slotsAt && slotsNeeded <= this.#slotCount) return;
    while (this.#slotCount < slotsNeeded) this.#slotCount *= 2;
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

  /** Where the table was: its place is free for something else, for good. */
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
    const { byteLength } = this.#memory.buffer;
    if (end <= byteLength) return;
    const pages = Math.ceil((end - byteLength) / WASM_PAGE_BYTES);
    const growth = Math.ceil(pages / GROWTH_PAGES) * GROWTH_PAGES;
    try {
      this.#memory.grow(Math.max(pages, Math.min(growth, MAX_PAGES - byteLength / WASM_PAGE_BYTES)));
    } catch (cause) {
      throw new InvalidInputError(
        `memory: expected less than 4 GiB to be enough, got a need of ${end} bytes; lower table_bytes or max_line_bytes`,
        { cause },
      );
    }
    this.bytes = new Uint8Array(this.#memory.buffer);
    this.view = new DataView(this.#memory.buffer);
  }
}

function align(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}
