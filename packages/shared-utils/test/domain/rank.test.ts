import fc from 'fast-check';
import { compareRank, TopList, type UrlCount } from '../../src';

describe('TopList', () => {
  it('holds what sorting all entries and taking the first would give', () => {
    const entry = fc.record({ url: fc.string(), count: fc.integer({ min: 1, max: 5 }) });
    fc.assert(
      fc.property(
        fc.array(entry, { maxLength: 3000, size: 'max' }),
        fc.integer({ min: 1, max: 20 }),
        (entries, limit) => {
          const top = new TopList(limit);
          for (const each of entries) top.add(each);
          expect(top.toArray()).toEqual([...entries].sort(compareRank).slice(0, limit));
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('compareRank', () => {
  it('orders by count, then by UTF-8 bytes, in which U+FFFF comes before an emoji', () => {
    const ranked: UrlCount[] = [
      { url: 'z', count: 2 },
      { url: '\uffff', count: 1 },
      { url: '😀', count: 1 },
    ];
    expect([...ranked].reverse().sort(compareRank)).toEqual(ranked);
  });
});
