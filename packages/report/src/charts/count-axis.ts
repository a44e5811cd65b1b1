import { scaleLinear } from 'd3-scale';
import type { YTick } from './chart';

const TICKS = 4;

/** From 0 at the bottom of the plot to a round number at or above `max`; places of 0 to 1 and ticks in pixels. */
export function createCountAxis(
  max: number,
  height: number,
  format: (value: number) => string,
): { toY: (value: number) => number; ticks: YTick[] } {
  const scale = scaleLinear([0, Math.max(max, 1)], [0, 1]).nice(TICKS);
  const ticks = scale
    .ticks(TICKS)
    .map((value) => ({ y: Math.round((1 - scale(value)) * height), label: format(value) }));
  return { toY: (value) => scale(value), ticks };
}
