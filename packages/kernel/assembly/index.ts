export { emit, emitBytes } from './emit';
export { formatRows, nextRow, rowRoom } from './format';
export { secretsAt } from './hash';
export { mergeRows, total } from './merge';
export { blankLines, initScan, okLines, rejected, rejectsAt, scanLines } from './scan';
export { initStructure } from './structure';
export { nextAbove, rowAt, sortRows } from './sort';
export { arenaTop, clearTable, flushBatch, initTable, longestProbe, moveSlots, rowCount, tableBytes } from './table';

/** Where the host may lay out its regions. */
export function heapBase(): usize {
  return __heap_base;
}
