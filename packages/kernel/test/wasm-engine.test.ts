import { encodeRows } from '../src/rows';
import { WasmEngine } from '../src/wasm-engine';

const KEYS = 100_000;

/** Puts keys of a count of 1 into a table of its own. */
function fillTable(keys: readonly Uint8Array[]): WasmEngine {
  const engine = new WasmEngine();
  engine.startTable(1024 * 1024);
  const rows = encodeRows(keys.map((bytes) => ({ bytes, count: 1 })));
  engine.makeRoom(keys.length, rows.length);
  const at = engine.borrow(rows.length);
  engine.bytes.set(rows, at);
  expect(engine.exports.mergeRows(at, at + rows.length) >>> 0).toBe(at + rows.length);
  return engine;
}

function keysOf(make: (view: DataView, index: number) => void, length: number): Uint8Array[] {
  return Array.from({ length: KEYS }, (_, index) => {
    const key = new Uint8Array(length);
    make(new DataView(key.buffer), index);
    return key;
  });
}

describe('the memory of an engine', () => {
  it('passes to the next one with none of what it held', () => {
    const first = fillTable(keysOf((view, n) => view.setUint32(0, n, true), 8));
    first.bytes.fill(0xff, first.exports.heapBase());
    first.release();
    first.release();
    const second = fillTable([Buffer.from('a')]);
    expect(second.bytes.buffer).toBe(first.bytes.buffer);
    expect(second.exports.rowCount()).toBe(1);
    expect(second.exports.total.value).toBe(1n);
    expect(new WasmEngine().bytes.buffer).not.toBe(second.bytes.buffer);
  });
});

describe('the hash of the WebAssembly table', () => {
  it.each<[string, Uint8Array[]]>([
    [
      'ordinary URLs',
      Array.from({ length: KEYS }, (_, n) => Buffer.from(`https://shop.example/products/${n}`)),
    ],
    // Without secrets every product would be 0, and so all hashes the same.
    ['keys whose products are 0', keysOf((view, n) => view.setUint32(8, n, true), 16)],
    [
      'keys that differ in the highest bits',
      keysOf((view, n) => view.setBigUint64(0, BigInt(n) << 47n, true), 8),
    ],
    ['keys that differ in one byte of many', keysOf((view, n) => view.setUint32(500, n, true), 600)],
    [
      'keys that cancel out between words',
      keysOf((view, n) => {
        view.setUint32(0, n, true);
        view.setUint32(4, -n, true);
      }, 16),
    ],
  ])('spreads %s', (_, keys) => {
    const engine = fillTable(keys);
    expect(engine.exports.rowCount()).toBe(KEYS);
    // With slots at most half full the farthest of 100,000 evenly spread keys is some thirty slots away.
    expect(engine.exports.longestProbe()).toBeLessThan(150);
  });

  it('differs between two tables', () => {
    const secretsOf = ({ bytes, exports }: WasmEngine) =>
      Buffer.from(bytes.slice(exports.secretsAt(), exports.secretsAt() + 272)).toString('hex');
    expect(secretsOf(new WasmEngine())).not.toBe(secretsOf(new WasmEngine()));
  });
});
