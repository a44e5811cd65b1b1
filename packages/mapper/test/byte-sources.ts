export const MIB = 1024 * 1024;

/** A source that gives `bytes` in chunks of one size, and tells what became of it. */
export class ChunkedSource implements AsyncIterable<Uint8Array> {
  readonly #bytes: Uint8Array;
  readonly #chunkBytes: number;
  pulledBytes = 0;
  isClosed = false;

  constructor(bytes: Uint8Array, chunkBytes = Math.max(bytes.length, 1)) {
    this.#bytes = bytes;
    this.#chunkBytes = chunkBytes;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      while (this.pulledBytes < this.#bytes.length) {
        const chunk = this.#bytes.subarray(this.pulledBytes, this.pulledBytes + this.#chunkBytes);
        this.pulledBytes += chunk.length;
        yield chunk;
      }
    } finally {
      this.isClosed = true;
    }
  }
}

export async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Takes a few turns of the event loop after each chunk, as a consumer that writes does. */
export async function* slowly(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    yield chunk;
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
  }
}

/** The chunk sizes 1 to 16, and then each about a third larger, up to the whole. */
export function chunkSizes(length: number): number[] {
  const sizes: number[] = [];
  for (let size = 1; size < length; size = Math.max(size + 1, Math.ceil(size * (size < 16 ? 1 : 1.3)))) {
    sizes.push(size);
  }
  return [...sizes, Math.max(length, 1)];
}
