import type { Emission } from '@mapreduce/kernel';
import {
  encodeSegmentHeader,
  type MapCommit,
  type ObjectRef,
  type ObjectStore,
  type ObjectWriter,
  SEGMENT_HEADER_BYTES,
} from '@mapreduce/shared-utils';

/**
 * Writes one attempt's shuffle object: segments one after another, whose places go into the commit record. There is
 * no object when there is nothing to write.
 */
export class ShuffleWriter {
  readonly #store: ObjectStore;
  readonly #ref: ObjectRef;
  readonly #partitionCount: number;
  readonly #segments: MapCommit['segments'] = [];
  #writer: ObjectWriter | null = null;
  #offset = 0;

  constructor(store: ObjectStore, ref: ObjectRef, partitionCount: number) {
    this.#store = store;
    this.#ref = ref;
    this.#partitionCount = partitionCount;
  }

  get segments(): MapCommit['segments'] {
    return this.#segments;
  }

  /** Fills the headers in and writes all of it at once. */
  async append({ bytes, partitions }: Emission): Promise<void> {
    if (partitions.length === 0) return;
    for (const { partition, rows, offset } of partitions) {
      const start = offset - SEGMENT_HEADER_BYTES;
      bytes.set(encodeSegmentHeader(partition, this.#partitionCount, rows), start);
      this.#segments.push({
        partition,
        offset: this.#offset + start,
        length: SEGMENT_HEADER_BYTES + rows.length,
      });
    }
    this.#writer ??= this.#store.createWriter(this.#ref);
    await this.#writer.write(bytes);
    this.#offset += bytes.length;
  }

  async close(): Promise<void> {
    await this.#writer?.close();
  }

  async abort(): Promise<void> {
    await this.#writer?.abort();
  }
}
