import { crc32 } from 'node:zlib';
import type { PartitionRows } from '@mapreduce/kernel';
import type { MapCommit, ObjectRef, ObjectStore, ObjectWriter } from '@mapreduce/shared-utils';

/**
 * Writes one attempt's shuffle object: segments one after another, whose places and checksums go into the
 * commit record. There is no object when there is nothing to write.
 */
export class ShuffleWriter {
  readonly #store: ObjectStore;
  readonly #ref: ObjectRef;
  readonly #segments: MapCommit['segments'] = [];
  #writer: ObjectWriter | null = null;
  #offset = 0;

  constructor(store: ObjectStore, ref: ObjectRef) {
    this.#store = store;
    this.#ref = ref;
  }

  get segments(): MapCommit['segments'] {
    return this.#segments;
  }

  async append(partitions: readonly PartitionRows[]): Promise<void> {
    for (const { partition, rows } of partitions) {
      this.#writer ??= this.#store.createWriter(this.#ref);
      await this.#writer.write(rows);
      this.#segments.push({
        partition,
        key: this.#ref.objectKey,
        offset: this.#offset,
        length: rows.length,
        crc32: crc32(rows),
      });
      this.#offset += rows.length;
    }
  }

  async close(): Promise<void> {
    await this.#writer?.close();
  }

  async abort(): Promise<void> {
    await this.#writer?.abort();
  }
}
