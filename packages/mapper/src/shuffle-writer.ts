import type { PartitionRows } from '@mapreduce/kernel';
import {
  encodeSegmentHeader,
  type MapCommit,
  type ObjectRef,
  type ObjectStore,
  type ObjectWriter,
} from '@mapreduce/shared-utils';

/**
 * Writes one attempt's shuffle object: segments one after another, whose places go into the commit record. There is no object when there is nothing to write.
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

  async append(partitions: readonly PartitionRows[]): Promise<void> {
    for (const { partition, rows } of partitions) {
      this.#writer ??= this.#store.createWriter(this.#ref);
      const header = encodeSegmentHeader(partition, this.#partitionCount, rows);
      await this.#writer.write(header);
      await this.#writer.write(rows);
      const length = header.length + rows.length;
      this.#segments.push({ partition, key: this.#ref.objectKey, offset: this.#offset, length });
      this.#offset += length;
    }
  }

  async close(): Promise<void> {
    await this.#writer?.close();
  }

  async abort(): Promise<void> {
    await this.#writer?.abort();
  }
}
