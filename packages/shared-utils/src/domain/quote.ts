/** C0 and C1 controls, DEL, bidirectional controls, line separators, BOM and lone surrogates. */
const UNPRINTABLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach a terminal
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\p{Surrogate}/gu;

/** Longest piece of untrusted text in an error message, in UTF-16 code units. */
const MAX_QUOTED = 120;

/** Replaces what a terminal, a log or a reader's eye could be fooled by with `\uXXXX` escapes. */
export function escapeUnprintable(text: string): string {
  return text.replace(UNPRINTABLE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Cuts at a code point boundary and marks the cut with `…`; the result has at most `maxLength` code units. */
export function truncate(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const end = maxLength - 1;
  const splitsPair = /[\ud800-\udbff]/.test(text.charAt(end - 1));
  return `${text.slice(0, splitsPair ? end - 1 : end)}…`;
}

/** Untrusted text for a message: JSON-quoted, escaped, at most 120 characters of it. */
export function quote(value: string): string {
  return escapeUnprintable(JSON.stringify(truncate(value, MAX_QUOTED)));
}
