/** Pulls chunks from a source one at a time, and takes back what was not used of the last. */
export class PushbackReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #pushedBack: Uint8Array | null = null;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#chunks = source[Symbol.asyncIterator]();
  }

  /** null at the end. */
  async next(): Promise<Uint8Array | null> {
    const pushedBack = this.#pushedBack;
    this.#pushedBack = null;
    if (pushedBack !== null) return pushedBack;
    const { done, value } = await this.#chunks.next();
    return done === true ? null : value;
  }

  pushBack(chunk: Uint8Array): void {
    this.#pushedBack = chunk;
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
