import { addTallies, EMPTY_TALLY, type GroupSummary } from '@mapreduce/shared-utils';

/** What the groups of a run found in the commit records of all its splits. */
export type Groups = Pick<GroupSummary, 'partitions' | 'bytesRead' | 'records' | 'rejects' | 'firstReject'>;

/** Partitions in order, the rest in the order of the groups, which is that of the splits. */
export function mergeGroups(groups: readonly GroupSummary[]): Groups {
  const partitions = new Set(groups.flatMap((group) => group.partitions));
  return {
    partitions: [...partitions].sort((a, b) => a - b),
    bytesRead: groups.reduce((sum, group) => sum + group.bytesRead, 0),
    records: groups.reduce((sum, group) => addTallies(sum, group.records), EMPTY_TALLY),
    rejects: groups.flatMap(({ rejects }) => rejects),
    firstReject: groups.find(({ firstReject }) => firstReject !== null)?.firstReject ?? null,
  };
}
