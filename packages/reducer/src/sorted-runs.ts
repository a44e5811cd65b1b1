import { type CountMerger, MAX_MERGED_RUNS, type ReadRun } from '@mapreduce/kernel';
import type { Scratch, ScratchFile } from '@mapreduce/shared-utils';

/** What a partition's table could not hold: sorted runs on the local disk, oldest first. */
export class SortedRuns {
  readonly #scratch: Scratch;
  readonly #files: ScratchFile[] = [];

  constructor(scratch: Scratch) {
    this.#scratch = scratch;
  }

  get count(): number {
    return this.#files.length;
  }

  /** @throws ScratchSpaceError */
  async add(pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    const file = await this.#scratch.createFile();
    this.#files.push(file);
    for await (const piece of pieces) await file.append(piece);
  }

  /** Merges runs until all that are left can be merged at once, and opens those. @throws ScratchSpaceError */
  async open(merger: CountMerger): Promise<ReadRun[]> {
    while (this.#files.length > MAX_MERGED_RUNS) {
      // No more than it takes: every row that is merged here is read and written once more.
      const count = Math.min(this.#files.length - MAX_MERGED_RUNS + 1, MAX_MERGED_RUNS);
      const merged = this.#files.slice(0, count);
      await this.add(merger.mergeRuns(merged.map(readOnward)));
      this.#files.splice(0, count);
      for (const file of merged) await file.close();
    }
    return this.#files.map(readOnward);
  }

  async close(): Promise<void> {
    for (const file of this.#files.splice(0)) await file.close();
  }
}

function readOnward(file: ScratchFile): ReadRun {
  let position = 0;
  return async (buffer) => {
    const bytesRead = await file.read(buffer, position);
    position += bytesRead;
    return bytesRead;
  };
}
