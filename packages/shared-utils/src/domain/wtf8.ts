/**
 * WTF-8: UTF-8 that also holds lone surrogates, as the three bytes ED A0..BF xx. JSON strings may hold
 * them and three different ones are three different URLs, which `TextEncoder` would merge into U+FFFD.
 */
/** With the `u` flag a surrogate of a pair is no match. */
const LONE_SURROGATE = /\p{Surrogate}/gu;

const FIRST_SURROGATE = 0xd800;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function encodeWtf8(text: string): Uint8Array {
  return text.isWellFormed() ? encoder.encode(text) : encodeIllFormed(text);
}

/** Between lone surrogates the text is well-formed, and no character takes more than three bytes a code unit. */
function encodeIllFormed(text: string): Uint8Array {
  const bytes = new Uint8Array(3 * text.length);
  let length = 0;
  let start = 0;
  for (const { 0: surrogate, index } of text.matchAll(LONE_SURROGATE)) {
    length += encoder.encodeInto(text.slice(start, index), bytes.subarray(length)).written;
    const code = surrogate.charCodeAt(0);
    bytes.set([0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)], length);
    length += 3;
    start = index + 1;
  }
  length += encoder.encodeInto(text.slice(start), bytes.subarray(length)).written;
  return bytes.slice(0, length);
}

export function decodeWtf8(bytes: Uint8Array): string {
  let text = '';
  let start = 0;
  for (let at = nextSurrogate(bytes, 0); at !== -1; at = nextSurrogate(bytes, start)) {
    text += decoder.decode(bytes.subarray(start, at));
    text += String.fromCharCode(
      0xd000 | (((bytes[at + 1] as number) & 0x3f) << 6) | ((bytes[at + 2] as number) & 0x3f),
    );
    start = at + 3;
  }
  return text + decoder.decode(bytes.subarray(start));
}

/** Orders like `Buffer.compare`: by bytes, then by length. The output's order. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** The order of the texts' WTF-8 bytes, most often without making them. */
export function compareAsBytes(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  let at = 0;
  while (at < shared && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  const first = a.charCodeAt(at);
  const second = b.charCodeAt(at);
  // Up to the first surrogate, code units and bytes are in the same order.
  if (first < FIRST_SURROGATE && second < FIRST_SURROGATE) return first - second;
  return at === shared ? a.length - b.length : compareBytes(encodeWtf8(a), encodeWtf8(b));
}

export function concatBytes(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}

/** Lead byte ED with a second byte of A0 or more is a surrogate and nothing else. */
function nextSurrogate(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0xed, from); at !== -1; at = bytes.indexOf(0xed, at + 1)) {
    if ((bytes[at + 1] ?? 0) >= 0xa0) return at;
  }
  return -1;
}
