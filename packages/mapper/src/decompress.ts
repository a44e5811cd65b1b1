import { finished } from 'node:stream/promises';
import zlib from 'node:zlib';
import { type Compression, CorruptInputError, UnsupportedInputError } from '@mapreduce/shared-utils';
import { PushbackReader } from './pushback-reader';

/** 1.08 GB/s of gunzip, where the default of 16 KiB gives less than 0.7. */
const CHUNK_BYTES = 1024 * 1024;

type Engine = zlib.Gunzip | zlib.ZstdDecompress;

export interface DecompressOptions {
  /** The object, for messages. */
  readonly where: string;
  readonly compression: Exclude<Compression, 'none'>;
  /** Most bytes that may come out; null for no limit. */
  readonly maxBytes: number | null;
}

/**
 * The decompressed bytes of a whole object: every gzip member or zstd frame of it, to the last byte.
 * A chunk is gone when the next one is asked for.
 * @throws CorruptInputError when it is cut short, broken, followed by something else, or inflates past the limit
 */
export async function* decompress(
  source: AsyncIterable<Uint8Array>,
  options: DecompressOptions,
): AsyncGenerator<Uint8Array> {
  const input = new PushbackReader(source);
  let total = 0;
  try {
    do {
      for await (const chunk of inflateNext(input, options)) {
        total += chunk.length;
        requireWithinLimit(total, options);
        yield chunk;
        free(chunk);
      }
    } while (await hasMore(input, options));
  } finally {
    await input.close();
  }
}

/**
 * Node's engines stop of their own accord, in silence: gunzip at the first zero byte after a member, zstd
 * after the first frame. So what they left is handed back and looked at.
 */
async function* inflateNext(input: PushbackReader, options: DecompressOptions): AsyncGenerator<Uint8Array> {
  const engine = createEngine(options);
  const feeding = feed(engine, input);
  try {
    yield* engine;
    const given = await feeding;
    if (engine.bytesWritten !== given) {
      throw new CorruptInputError(
        `${options.where}: expected ${given} compressed bytes to be read, got ${engine.bytesWritten}; please report this`,
      );
    }
  } catch (cause) {
    if (!isZlibError(cause)) throw cause;
    throw new CorruptInputError(
      `${options.where}: expected complete ${options.compression} data, got "${cause.message}"; write the object again`,
      { cause },
    );
  }
}

/** Returns how many bytes the engine was given and has to have read. */
async function feed(engine: Engine, input: PushbackReader): Promise<number> {
  // An engine that fails, or whose reader has gone, ends the feeding too; the reader sees the error.
  const over = finished(engine).catch(() => undefined);
  let fed = 0;
  try {
    for (let chunk = await input.next(); chunk !== null; chunk = await input.next()) {
      fed += chunk.length;
      const written = new Promise<void>((resolve) => engine.write(chunk, () => resolve()));
      await Promise.race([written, over]);
      // Not `readableEnded`: that comes only once all output is read, and a slow reader would hide the stop.
      if (engine.bytesWritten === fed) continue;
      input.pushBack(chunk.subarray(chunk.length - (fed - engine.bytesWritten)));
      return engine.bytesWritten;
    }
    engine.end();
  } catch (error) {
    engine.destroy(error as Error);
  }
  return fed;
}

/**
 * Gives the memory of a chunk back at once: left to the garbage collector it cost a fifth of all time and twice
 * the memory. Not where the engine goes on in the same buffer, nor in the pool that small ones share.
 */
function free({ buffer, byteOffset, length }: Uint8Array): void {
  const isLastOfBuffer = byteOffset + length === buffer.byteLength;
  if (isLastOfBuffer && buffer.byteLength >= CHUNK_BYTES) (buffer as ArrayBuffer).transfer(0);
}

/** True when another zstd frame follows. Gzip may only be padded with zeros. */
async function hasMore(input: PushbackReader, { where, compression }: DecompressOptions): Promise<boolean> {
  for (let chunk = await input.next(); chunk !== null; chunk = await input.next()) {
    if (chunk.length === 0) continue;
    if (compression === 'zstd') {
      input.pushBack(chunk);
      return true;
    }
    if (chunk.some((byte) => byte !== 0)) {
      throw new CorruptInputError(
        `${where}: expected nothing but zero padding after the gzip data, got more data; write the object again`,
      );
    }
  }
  return false;
}

function createEngine({ where, compression }: DecompressOptions): Engine {
  if (compression === 'gzip') return zlib.createGunzip({ chunkSize: CHUNK_BYTES });
  if (zlib.createZstdDecompress === undefined) {
    throw new UnsupportedInputError(
      `${where}: expected a runtime that reads zstd (Node 22.15 or newer), got ${process.version}; use gzip or a newer Node`,
    );
  }
  return zlib.createZstdDecompress({ chunkSize: CHUNK_BYTES });
}

function requireWithinLimit(total: number, { where, maxBytes }: DecompressOptions): void {
  if (maxBytes === null || total <= maxBytes) return;
  throw new CorruptInputError(
    `${where}: expected at most ${maxBytes} decompressed bytes (MAX_DECOMPRESSED_BYTES), got more; raise it if the object can be trusted`,
  );
}

function isZlibError(error: unknown): error is NodeJS.ErrnoException {
  return /^(Z_|ZSTD_)/.test((error as NodeJS.ErrnoException).code ?? '');
}
