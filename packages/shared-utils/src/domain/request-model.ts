/**
 * How many requests a run makes of S3, stage by stage, when nothing has to be repeated. A test holds every one of these
 * to what a server has counted.
 */
import type { InputRange, InputSplit } from './contracts';

/** By what S3 charges: `puts` are PUT and POST, `gets` are GET and HEAD. DELETE is free. */
export interface RequestCounts {
  readonly puts: number;
  readonly gets: number;
  readonly lists: number;
  readonly deletes: number;
}

/** The parts in which the S3 store reads and writes large objects. */
const PART_BYTES = 8 * 1024 * 1024;

/** What the reducer reads of a segment at once. */
const SEGMENT_PIECE_BYTES = 1024 * 1024;

/** In a page of a listing, in a request to delete. */
const KEYS_PER_REQUEST = 1000;

const NONE: RequestCounts = { puts: 0, gets: 0, lists: 0, deletes: 0 };

export function addRequests(...counts: readonly RequestCounts[]): RequestCounts {
  return counts.reduce(
    (sum, each) => ({
      puts: sum.puts + each.puts,
      gets: sum.gets + each.gets,
      lists: sum.lists + each.lists,
      deletes: sum.deletes + each.deletes,
    }),
    NONE,
  );
}

export interface PlannedInputs {
  /** Objects that the execution names, each of which is looked up. */
  readonly named: number;
  /** Keys under each prefix that is listed, those that no input comes of too. */
  readonly listed: readonly number[];
  /** Inputs that are not empty: their first bytes are read. */
  readonly nonEmpty: number;
  readonly inputListBytes: number;
  readonly splitListBytes: number;
}

/** Looks for an earlier plan and output, looks at every input, writes the three lists and the plan. */
export function planRequests(inputs: PlannedInputs): RequestCounts {
  return {
    puts: uploads(inputs.inputListBytes) + uploads(inputs.splitListBytes) + 2,
    gets: 2 + inputs.named + inputs.nonEmpty,
    lists: inputs.listed.reduce((sum, keys) => sum + pages(keys), 0),
    deletes: 0,
  };
}

export interface MappedSplit {
  readonly ranges: readonly InputRange[];
  readonly shuffleBytes: number;
  readonly hasRejects: boolean;
}

/** Looks for an earlier record, reads the plan and its part of it, then its ranges; writes what it found. */
export function mapRequests({ ranges, shuffleBytes, hasRejects }: MappedSplit): RequestCounts {
  return {
    ...NONE,
    puts: (shuffleBytes === 0 ? 0 : uploads(shuffleBytes)) + (hasRejects ? 1 : 0) + 1,
    gets: 4 + ranges.reduce((sum, range) => sum + rangeReads(range), 0),
  };
}

/** Reads the record of every split of the group; writes its list, the list's index and its summary. */
export function groupRequests(splits: number, listBytes: number): RequestCounts {
  return { ...NONE, puts: uploads(listBytes) + 2, gets: 1 + splits };
}

export interface ReducedPartition {
  readonly groups: number;
  readonly segmentBytes: readonly number[];
  readonly outputBytes: number;
}

/** Looks for an earlier record, reads its line of every group's list and its segments; an empty one writes nothing. */
export function reduceRequests({ groups, segmentBytes, outputBytes }: ReducedPartition): RequestCounts {
  const pieces = segmentBytes.reduce((sum, bytes) => sum + Math.ceil(bytes / SEGMENT_PIECE_BYTES), 0);
  return {
    ...NONE,
    puts: segmentBytes.length === 0 ? 0 : uploads(outputBytes) + 1,
    gets: 2 + 2 * groups + pieces,
  };
}

export interface CommittedRun {
  readonly groups: number;
  readonly partitions: number;
  readonly inputListBytes: number;
  readonly rejectFiles: number;
  /** Those of the run that are there in the end, the plan too. */
  readonly temporaryObjects: number;
}

/** Looks for an earlier manifest, reads every summary; copies rejects, writes the manifest, deletes the rest. */
export function commitRequests(run: CommittedRun): RequestCounts {
  return {
    puts: run.rejectFiles + 1,
    gets: 2 + run.groups + run.partitions + run.rejectFiles + reads(run.inputListBytes),
    lists: pages(run.temporaryObjects),
    deletes: Math.ceil((run.temporaryObjects - 1) / KEYS_PER_REQUEST),
  };
}

/** A cut range begins a byte early, and looks once past its end for the end of its last line. */
function rangeReads({ start, end, size, compression }: InputRange): number {
  if (compression !== 'none') return Math.ceil(size / PART_BYTES);
  const isCutAfter = end < size;
  return Math.ceil((end - Math.max(start - 1, 0)) / PART_BYTES) + (isCutAfter ? 1 : 0);
}

/** Of an object that is read whole; its first part is asked for before its size is known. */
function reads(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / PART_BYTES));
}

/** A small object in one request; a large one in parts, with one to begin and one to complete them. */
function uploads(bytes: number): number {
  return bytes < PART_BYTES ? 1 : Math.ceil(bytes / PART_BYTES) + 2;
}

function pages(keys: number): number {
  return Math.max(1, Math.ceil(keys / KEYS_PER_REQUEST));
}

/** A run that has only been planned: what its mappers will find is a guess. */
export interface PredictedRun {
  readonly inputs: Omit<PlannedInputs, 'inputListBytes' | 'splitListBytes'>;
  readonly inputCount: number;
  readonly splits: readonly InputSplit[];
  readonly groups: number;
  readonly partitions: number;
  /** Distinct URLs that a mapper finds, and their mean length. */
  readonly urlsPerSplit: number;
  readonly urlBytes: number;
}

/** Of a row beside its URL: its length and its count. */
const ROW_OVERHEAD_BYTES = 4;

/** Lines of the plan's lists and of a group's, with keys of an ordinary length. */
const INPUT_LINE_BYTES = 130;
const SPLIT_LINE_BYTES = 270;
const SEGMENT_BYTES = 110;

/** By stage. */
export type StageRequests = Readonly<Record<'plan' | 'map' | 'group' | 'reduce' | 'commit', RequestCounts>>;

/** What a run will ask of S3, where every mapper finds as many URLs and no line is rejected. */
export function predictRequests(run: PredictedRun): StageRequests {
  const { splits, groups, partitions } = run;
  const shuffleBytes = run.urlsPerSplit * (run.urlBytes + ROW_OVERHEAD_BYTES);
  const segmentBytes = splits.map(() => shuffleBytes / partitions);
  const inputListBytes = run.inputCount * INPUT_LINE_BYTES;
  const splitListBytes = splits.length * SPLIT_LINE_BYTES;
  const splitsPerGroup = Math.ceil(splits.length / groups);
  const outputBytes = (run.urlsPerSplit * run.urlBytes) / partitions;
  const times = (count: number, requests: RequestCounts) =>
    addRequests(...Array.from({ length: count }, () => requests));
  return {
    plan: planRequests({ ...run.inputs, inputListBytes, splitListBytes }),
    map: splits.reduce(
      (sum, { ranges }) => addRequests(sum, mapRequests({ ranges, shuffleBytes, hasRejects: false })),
      NONE,
    ),
    group: times(groups, groupRequests(splitsPerGroup, splitsPerGroup * partitions * SEGMENT_BYTES)),
    reduce: times(partitions, reduceRequests({ groups, segmentBytes, outputBytes })),
    commit: commitRequests({
      groups,
      partitions,
      inputListBytes,
      rejectFiles: 0,
      temporaryObjects: 2 * splits.length + 3 * groups + partitions + 4,
    }),
  };
}
