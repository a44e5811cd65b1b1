import { html, type Markup } from '../html';

/**
 * A chart is drawn once and fits any width: marks are placed in percent of the plot, so that text keeps its size
 * on a phone, and heights are in pixels.
 */
export interface Chart {
  /** What it shows, for who does not see it; the table behind it has the numbers. */
  readonly description: string;
  /** Of the plot, without the axis below it. */
  readonly height: number;
  readonly yTicks: readonly YTick[];
  readonly xTicks: readonly XTick[];
  /** What the horizontal axis counts. */
  readonly xTitle: string;
  readonly marks: Markup | readonly Markup[];
  /** Lines across the plot at the ticks; false where marks stand in lanes. */
  readonly hasGrid?: boolean;
}

export interface YTick {
  /** In pixels from the top. */
  readonly y: number;
  readonly label: string;
}

export interface XTick {
  /** Of the width, 0 to 1. */
  readonly x: number;
  readonly label: string;
}

const AXIS_HEIGHT = 40;

export function drawChart({
  description,
  height,
  yTicks,
  xTicks,
  xTitle,
  marks,
  hasGrid = true,
}: Chart): Markup {
  const whole = height + AXIS_HEIGHT;
  return html`<div class="chart">
<svg class="y-axis" height="${whole}" width="64" aria-hidden="true">${yTicks.map(
    ({ y, label }) => html`<text x="56" y="${y}" dy="0.32em" text-anchor="end">${label}</text>`,
  )}</svg>
<svg class="plot" width="100%" height="${whole}" role="img" aria-label="${description}">
${hasGrid && yTicks.map(({ y }) => html`<line class="grid" x1="0" x2="100%" y1="${y}" y2="${y}"/>`)}
<g class="marks">${marks}</g>
<line class="base" x1="0" x2="100%" y1="${height}" y2="${height}"/>
${xTicks.map((tick) => drawXTick(tick, height))}
<text class="title" x="100%" y="${height + 34}" text-anchor="end">${xTitle}</text>
</svg>
</div>`;
}

function drawXTick({ x, label }: XTick, height: number): Markup {
  const anchor = x < 0.02 ? 'start' : x > 0.95 ? 'end' : 'middle';
  return html`<line class="tick" x1="${percent(x)}" x2="${percent(x)}" y1="${height}" y2="${height + 4}"/><text x="${percent(x)}" y="${height + 17}" text-anchor="${anchor}">${label}</text>`;
}

/** A place or length of 0 to 1 as an attribute. */
export function percent(fraction: number): string {
  return `${Math.round(fraction * 1e5) / 1e3}%`;
}
