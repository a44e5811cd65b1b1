/** The fewest URLs that have at least so many percent of all counted lines. */
interface Concentrated {
  readonly percent: number;
  readonly urls: number;
}

export interface Concentration {
  readonly unique: number;
  readonly total: number;
  /** URLs that were counted once. */
  readonly once: number;
  readonly concentrated: readonly Concentrated[];
  /** How many lines the most frequent so many URLs have: few points, all of them exact. */
  readonly curve: readonly { readonly urls: number; readonly lines: number }[];
}

const PERCENTS = [50, 80, 90, 99] as const;

/** Points of the curve for every ten times as many URLs. */
const POINTS_A_DECADE = 16;

/**
 * How many URLs have which count: all that concentration depends on. Counts that differ sum to at most the number
 * of lines, so there are few of them, at most √(2 · lines), however many URLs there are.
 */
export class CountHistogram {
  readonly #urlsByCount = new Map<number, number>();

  add(count: number): void {
    this.#urlsByCount.set(count, (this.#urlsByCount.get(count) ?? 0) + 1);
  }

  concentration(): Concentration {
    const steps = this.#steps();
    const { urls: unique = 0, lines: total = 0 } = steps.at(-1) ?? {};
    return {
      unique,
      total,
      once: this.#urlsByCount.get(1) ?? 0,
      concentrated:
        total === 0
          ? []
          : PERCENTS.map((percent) => ({
              percent,
              urls: urlsFor(steps, Math.ceil((percent * total) / 100)),
            })),
      curve: ranksTo(unique).map((urls) => ({ urls, lines: linesOf(steps, urls) })),
    };
  }

  /** Cumulated, the most frequent first: equally frequent URLs are one step. */
  #steps(): Step[] {
    let urls = 0;
    let lines = 0;
    const descending = [...this.#urlsByCount].sort(([a], [b]) => b - a);
    return descending.map(([count, withCount]) => {
      urls += withCount;
      lines += withCount * count;
      return { count, urls, lines };
    });
  }
}

interface Step {
  readonly count: number;
  readonly urls: number;
  readonly lines: number;
}

function urlsFor(steps: readonly Step[], lines: number): number {
  const at = firstAt(steps, (step) => step.lines >= lines);
  const { count, urls, lines: upTo } = steps[at] as Step;
  return urls - Math.floor((upTo - lines) / count);
}

function linesOf(steps: readonly Step[], urls: number): number {
  const { count, urls: upTo, lines } = steps[firstAt(steps, (step) => step.urls >= urls)] as Step;
  return lines - (upTo - urls) * count;
}

/** Steps only grow. */
function firstAt(steps: readonly Step[], isEnough: (step: Step) => boolean): number {
  let [low, high] = [0, steps.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isEnough(steps[middle] as Step)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function ranksTo(unique: number): number[] {
  if (unique === 0) return [];
  const points = Math.ceil(Math.log10(unique) * POINTS_A_DECADE);
  const ranks = Array.from({ length: points }, (_, at) => Math.round(10 ** (at / POINTS_A_DECADE)));
  return [...new Set([...ranks, unique])];
}
