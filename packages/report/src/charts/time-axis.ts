import { scaleLinear } from 'd3-scale';
import { formatDuration } from '../format';
import type { XTick } from './chart';

const TICKS = 5;

/** From the start of the run to its end, in milliseconds, to 0 to 1; the same for all charts of one run. */
export function createTimeAxis(elapsedMs: number): { toX: (ms: number) => number; ticks: XTick[] } {
  const scale = scaleLinear([0, Math.max(elapsedMs, 1)], [0, 1]).clamp(true);
  const ticks = scale
    .ticks(TICKS)
    .map((ms) => ({ x: scale(ms), label: ms === 0 ? '0' : formatDuration(ms) }));
  return { toX: (ms) => scale(ms), ticks };
}
