/** The part of the WebAssembly API in use; TypeScript has the whole only together with the browser's globals. */
// biome-ignore lint/style/noNamespace: that is how the platform declares it
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: object);
    readonly exports: object;
  }
  class Memory {
    constructor(descriptor: { initial: number });
    readonly buffer: ArrayBuffer;
    /** In pages of 64 KiB. */
    grow(pages: number): number;
  }
  class Global<Value> {
    constructor(descriptor: { value: string }, value: Value);
    readonly value: Value;
  }
}
