import { area, curveLinear, curveStepAfter, line } from 'd3-shape';
import { html, type Markup } from '../html';

/** Both 0 to 1, from the left and from the bottom. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A path has no percentages: it has a picture of its own, which is stretched to the plot. */
const UNITS = 1000;

/** A line and what is below it. A step lasts until the next point. */
export function drawArea(points: readonly Point[], height: number, shape: 'line' | 'steps'): Markup {
  const curve = shape === 'line' ? curveLinear : curveStepAfter;
  const xOf = ({ x }: Point) => round(x * UNITS);
  const yOf = ({ y }: Point) => round((1 - y) * height);
  const below = area<Point>().x(xOf).y0(height).y1(yOf).curve(curve)(points as Point[]);
  const edge = line<Point>().x(xOf).y(yOf).curve(curve)(points as Point[]);
  return html`<svg width="100%" height="${height}" viewBox="0 0 ${UNITS} ${height}" preserveAspectRatio="none"><path class="area" d="${below ?? ''}"/><path class="edge" vector-effect="non-scaling-stroke" d="${edge ?? ''}"/></svg>`;
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
