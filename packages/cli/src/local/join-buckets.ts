import { CorruptRunError, compareAsBytes, quote, type UrlCount } from '@mapreduce/shared-utils';

/** A bucket's entries in order, some at a time, on one side of a comparison. */
export interface BucketSide {
  readonly side: 'before' | 'after';
  /** Of the file, for errors. */
  readonly name: string;
  readonly batches: AsyncIterator<readonly UrlCount[]>;
}

export interface JoinedCount {
  readonly url: string;
  /** 0 where that side has no such URL. */
  before: number;
  after: number;
}

interface Cursor extends BucketSide {
  batch: readonly UrlCount[];
  at: number;
}

/**
 * Calls `visit` with every URL of the buckets once, in the order of their bytes, in memory for a batch of each.
 * @throws CorruptRunError where a bucket is out of order, or holds what another one of its side does
 */
export async function joinBuckets(
  buckets: readonly BucketSide[],
  visit: (joined: JoinedCount) => void,
): Promise<void> {
  try {
    const heap = await openCursors(buckets);
    let open: JoinedCount | null = null;
    for (let head = heap[0]; head !== undefined; head = heap[0]) {
      const { url, count } = entryOf(head);
      const order = open === null ? -1 : compareAsBytes(open.url, url);
      if (order > 0 || (order === 0 && open?.[head.side] !== 0)) throw outOfOrder(head);
      if (open === null || order < 0) {
        if (open !== null) visit(open);
        open = { url, before: 0, after: 0 };
      }
      open[head.side] = count;
      head.at++;
      if (head.at === head.batch.length && !(await refill(head))) dropFirst(heap);
      siftDown(heap, 0);
    }
    if (open !== null) visit(open);
  } finally {
    for (const { batches } of buckets) await batches.return?.();
  }
}

async function openCursors(buckets: readonly BucketSide[]): Promise<Cursor[]> {
  const heap: Cursor[] = [];
  for (const bucket of buckets) {
    const cursor = { ...bucket, batch: [], at: 0 };
    if (await refill(cursor)) heap.push(cursor);
  }
  return heap.sort((a, b) => compareAsBytes(entryOf(a).url, entryOf(b).url));
}

/** Whether there is an entry to take. */
async function refill(cursor: Cursor): Promise<boolean> {
  for (;;) {
    const { done, value } = await cursor.batches.next();
    if (done) return false;
    if (value.length === 0) continue;
    cursor.batch = value;
    cursor.at = 0;
    return true;
  }
}

/** The last of a heap takes the place of the first, unless it was the first. */
function dropFirst(heap: Cursor[]): void {
  const last = heap.pop() as Cursor;
  if (heap.length > 0) heap[0] = last;
}

/** Restores the order of a binary heap whose item at `at` may be too large for its place. */
function siftDown(heap: Cursor[], at: number): void {
  const left = 2 * at + 1;
  const least = isLess(heap, left + 1, left) ? left + 1 : left;
  if (!isLess(heap, least, at)) return;
  [heap[at], heap[least]] = [heap[least] as Cursor, heap[at] as Cursor];
  siftDown(heap, least);
}

function isLess(heap: readonly Cursor[], a: number, b: number): boolean {
  return (
    a < heap.length && compareAsBytes(entryOf(heap[a] as Cursor).url, entryOf(heap[b] as Cursor).url) < 0
  );
}

function entryOf({ batch, at }: Cursor): UrlCount {
  return batch[at] as UrlCount;
}

function outOfOrder(cursor: Cursor): CorruptRunError {
  return new CorruptRunError(
    `${cursor.name}: expected URLs once and in the order of their bytes, got ${quote(entryOf(cursor).url)} out of order; run \`mapreduce verify\``,
  );
}
