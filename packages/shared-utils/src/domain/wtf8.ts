/**
 * WTF-8: UTF-8 that also holds lone surrogates, as the three bytes ED A0..BF xx. JSON strings may hold
 * them and three different ones are three different URLs, which `TextEncoder` would merge into U+FFFD.
 */
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function encodeWtf8(text: string): Uint8Array {
  if (text.isWellFormed()) return encoder.encode(text);
  const pieces: Uint8Array[] = [];
  for (const char of text) pieces.push(encodeCodePoint(char));
  return concatBytes(pieces);
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

export function concatBytes(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}

function encodeCodePoint(char: string): Uint8Array {
  const code = char.charCodeAt(0);
  if (char.length > 1 || code < 0xd800 || code > 0xdfff) return encoder.encode(char);
  return Uint8Array.of(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
}

/** Lead byte ED with a second byte of A0 or more is a surrogate and nothing else. */
function nextSurrogate(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0xed, from); at !== -1; at = bytes.indexOf(0xed, at + 1)) {
    if ((bytes[at + 1] ?? 0) >= 0xa0) return at;
  }
  return -1;
}
