const XML_ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

export function formatElement(name: string, value: string | number | boolean): string {
  return `<${name}>${escapeXml(String(value))}</${name}>`;
}

/** The texts of all elements of that name, wherever they stand. */
export function findElements(xml: Uint8Array, name: string): string[] {
  return findContents(xml, name).map(unescapeXml);
}

/** What stands between their tags, as XML. */
export function findContents(xml: Uint8Array, name: string): string[] {
  const found = Buffer.from(xml)
    .toString()
    .matchAll(new RegExp(`<${name}>(.*?)</${name}>`, 'gs'));
  return [...found].map(([, content = '']) => content);
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>"'\r\n]/g, (char) => `&#${char.charCodeAt(0)};`);
}

function unescapeXml(text: string): string {
  return text.replace(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (_, hex, decimal, name) => {
    if (name !== undefined) return XML_ENTITIES[name] ?? '';
    return String.fromCodePoint(Number.parseInt(hex ?? decimal, hex === undefined ? 10 : 16));
  });
}
