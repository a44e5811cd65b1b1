import type { RejectReason } from '@mapreduce/shared-utils';

export type RecordOutcome =
  | { readonly kind: 'ok'; readonly url: string }
  | { readonly kind: 'blank' }
  | { readonly kind: 'bad'; readonly reason: RejectReason };

/** `ignoreBOM` keeps a byte order mark in the text, where it is not JSON: only byte 0 of a file may have one. */
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const BLANK: RecordOutcome = { kind: 'blank' };

/**
 * What one line means, given as its bytes without LF: the definition that every engine must agree with.
 * The whole line must be UTF-8 and JSON; its meaning is what `JSON.parse` gives. Never throws.
 */
export function readRecord(line: Uint8Array, urlPath: readonly string[]): RecordOutcome {
  if (isBlank(line)) return BLANK;
  const text = decode(line);
  if (text === null) return bad('invalid_utf8');
  const record = parse(text);
  if (record === undefined) return bad('malformed_json');
  if (!isObject(record)) return bad('not_object');
  return readUrl(record, urlPath);
}

/** Own properties only, so that no name can reach a prototype; the last of duplicate keys wins. */
function readUrl(record: object, urlPath: readonly string[]): RecordOutcome {
  let value: unknown = record;
  for (const name of urlPath) {
    if (!isObject(value) || !Object.hasOwn(value, name)) return bad('missing_url');
    value = (value as Record<string, unknown>)[name];
  }
  return typeof value === 'string' ? { kind: 'ok', url: value } : bad('url_not_string');
}

function bad(reason: RejectReason): RecordOutcome {
  return { kind: 'bad', reason };
}

/** JSON white space only; LF cannot occur within a line. */
function isBlank(line: Uint8Array): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function decode(line: Uint8Array): string | null {
  try {
    return strictUtf8.decode(line);
  } catch {
    return null;
  }
}

/** JSON has no `undefined`, so it can stand for "not JSON". */
function parse(text: string): unknown {
  try {
    const record: unknown = JSON.parse(text);
    return text.includes('\\u') ? JSON.parse(withoutNeedlessEscapes(text)) : record;
  } catch {
    return undefined;
  }
}

/**
 * V8 13.6 (Node 24) takes an escaped key for one that an earlier text had in its place, when that one reads
 * like the first characters of the escape: after `{"n":1,"\\\\u0":1}` it reads `{"n":1,"\\u0075rl":"x"}` as if
 * the key were `\\u0`. So escapes that need not be there are undone first, in a text that was found valid.
 */
function withoutNeedlessEscapes(text: string): string {
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|.)/g, (written, hex: string | undefined) => {
    const char = String.fromCharCode(Number.parseInt(hex ?? '', 16));
    const isNeeded = hex === undefined || char < ' ' || char === '"' || char === '\\' || !char.isWellFormed();
    return isNeeded ? written : char;
  });
}
