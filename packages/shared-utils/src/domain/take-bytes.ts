/** The first items whose sizes sum to at most `maxBytes`. */
export function takeBytes<Item>(
  items: readonly Item[],
  maxBytes: number,
  sizeOf: (item: Item) => number,
): Item[] {
  let left = maxBytes;
  const end = items.findIndex((item) => {
    left -= sizeOf(item);
    return left < 0;
  });
  return items.slice(0, end === -1 ? items.length : end);
}
