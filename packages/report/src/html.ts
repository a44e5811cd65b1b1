/** Markup that may be put into a page as it is. Only `html` and `raw` make it. */
export class Markup {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

type Content = Markup | string | number | false | null | undefined | readonly Content[];

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/**
 * Markup with values put in: whatever is not markup itself is escaped, for text and for quoted attribute values
 * alike. Lists are joined; `false`, `null` and `undefined` are nothing.
 */
export function html(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(parts.reduce((text, part, at) => text + toText(values[at - 1]) + part));
}

/** For what is made at build time or escaped in another way. */
export function raw(text: string): Markup {
  return new Markup(text);
}

/**
 * A value as JSON for a script element: no `<` in it can end the element or begin a comment, and nothing
 * invisible is in it.
 */
export function jsonForScript(value: unknown): Markup {
  return raw(JSON.stringify(value).replace(/[<>&\p{C}\p{Zl}\p{Zp}]/gu, escapeUnits));
}

function escapeUnits(char: string): string {
  return char
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}

function toText(content: Content): string {
  if (content === null || content === undefined || content === false) return '';
  if (content instanceof Markup) return content.toString();
  if (Array.isArray(content)) return (content as readonly Content[]).map(toText).join('');
  return String(content).replace(/[&<>"'`]/g, (char) => ESCAPES[char] as string);
}
