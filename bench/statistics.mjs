export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median, least and greatest. */
export function summarise(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/** How many times as long the other took: the ratio of the medians, and the ratios round by round. */
export function speedup(seconds, otherSeconds) {
  const rounds = seconds
    .slice(0, Math.min(seconds.length, otherSeconds.length))
    .map((value, round) => otherSeconds[round] / value);
  return {
    ratio: median(otherSeconds) / median(seconds),
    min: Math.min(...rounds),
    max: Math.max(...rounds),
  };
}
