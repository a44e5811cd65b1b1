export { emit, emitBytes } from './emit';
export { secretsAt } from './hash';
export { cutRowBytes, mergeRows, total } from './merge';
export {
  beginOutput,
  itemRoom,
  rankedAt,
  rankedCount,
  readRanked,
  writeRows,
  written,
  writtenTotal,
} from './output';
export { beginRuns, dryAt, dryCount, enterRun, mergeRuns, runAt, runRoom } from './runs';
export { blankLines, initScan, okLines, rejected, rejectsAt, scanLines } from './scan';
export { initStructure } from './structure';
export { sortRows } from './sort';
export { arenaTop, clearRows, clearSlots, flushBatch, initTable, longestProbe, moveSlots, rowCount, tableBytes } from './table';

/** Where the host may lay out its regions. */
export function heapBase(): usize {
  return __heap_base;
}
