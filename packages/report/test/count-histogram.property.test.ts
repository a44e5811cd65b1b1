import fc from 'fast-check';
import { CountHistogram } from '../src';

const countsOf = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 200 });

function concentrationOf(counts: readonly number[]) {
  const histogram = new CountHistogram();
  for (const count of counts) histogram.add(count);
  return histogram.concentration();
}

describe('concentration', () => {
  it('is the fewest URLs that have so many percent of the lines, as adding them up one by one finds', () => {
    fc.assert(
      fc.property(countsOf, (counts) => {
        const { concentrated, unique, total, once } = concentrationOf(counts);
        const descending = counts.toSorted((a, b) => b - a);
        const sum = counts.reduce((all, count) => all + count, 0);
        for (const { percent, urls } of concentrated) {
          let [expected, lines] = [0, 0];
          while (lines * 100 < percent * sum) lines += descending[expected++] as number;
          expect(urls).toBe(expected);
        }
        expect([unique, total]).toEqual([counts.length, sum]);
        expect(once).toBe(counts.filter((count) => count === 1).length);
      }),
    );
  });

  it('has a curve whose points are exact, from the first URL to the last', () => {
    fc.assert(
      fc.property(countsOf, (counts) => {
        const { curve } = concentrationOf(counts);
        const descending = counts.toSorted((a, b) => b - a);
        for (const { urls, lines } of curve) {
          expect(lines).toBe(descending.slice(0, urls).reduce((sum, count) => sum + count, 0));
        }
        expect(curve.at(0)?.urls).toBe(1);
        expect(curve.at(-1)?.urls).toBe(counts.length);
      }),
    );
  });

  it('is nothing of nothing', () => {
    expect(concentrationOf([])).toEqual({ unique: 0, total: 0, once: 0, concentrated: [], curve: [] });
  });
});
