import { createHash } from 'node:crypto';

/** Seeded, so that what was found can be found again. */
export interface Random {
  /** At least 0, less than 1. */
  next(): number;
  /** A whole number at least 0 and less than `limit`. */
  below(limit: number): number;
  chance(probability: number): boolean;
  pick<Item>(items: readonly Item[]): Item;
  shuffle<Item>(items: readonly Item[]): Item[];
  /** Another one that depends on this one's seed and the label alone, not on what was drawn before. */
  fork(label: string | number): Random;
}

export function createRandom(seed: string | number): Random {
  let state = createHash('sha256').update(String(seed)).digest().readUInt32LE(0);
  // Mulberry32: 32 bits of state are enough to choose where to strike.
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    pick: <Item>(items: readonly Item[]) => items[below(items.length)] as Item,
    shuffle(items) {
      const drawn = items.map((item) => ({ item, rank: next() }));
      return drawn.sort((a, b) => a.rank - b.rank).map(({ item }) => item);
    },
    fork: (label) => createRandom(`${seed}/${label}`),
  };
}
