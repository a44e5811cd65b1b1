const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;
const COUNT_UNITS = ['', 'k', 'M', 'G', 'T'] as const;

/** Between a number and its unit no line breaks. */
const NBSP = '\u00a0';

export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** `1 file`, `2 files`. */
export function formatCountOf(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(count)}${NBSP}${count === 1 ? noun : plural}`;
}

export function formatBytes(bytes: number): string {
  return formatScaled(bytes, BYTE_UNITS);
}

/** Short, for an axis: `10k`. */
export function formatShortCount(count: number): string {
  return formatScaled(count, COUNT_UNITS).replace(NBSP, '');
}

export function formatDuration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)}${NBSP}ms`;
  if (ms < 1000) return `${Math.round(ms)}${NBSP}ms`;
  const seconds = ms / 1000;
  if (seconds < 100) return `${seconds.toPrecision(3)}${NBSP}s`;
  const minutes = Math.floor(Math.round(seconds) / 60);
  if (minutes < 100) return `${minutes}${NBSP}min ${Math.round(seconds) % 60}${NBSP}s`;
  return `${Math.floor(minutes / 60)}${NBSP}h ${minutes % 60}${NBSP}min`;
}

/** Per second; `ms` may be 0. */
export function formatRate(bytes: number, ms: number): string {
  return `${formatBytes((bytes * 1000) / Math.max(ms, 0.01))}/s`;
}

/** A share of 0 to 1. What is not all is never shown as 100 %, and what is something not as 0 %. */
export function formatShare(share: number): string {
  if (share === 0 || share === 1) return `${100 * share}${NBSP}%`;
  const percent = (100 * share).toFixed(2);
  if (percent === '0.00') return `<${NBSP}0.01${NBSP}%`;
  if (percent === '100.00') return `>${NBSP}99.99${NBSP}%`;
  return `${percent}${NBSP}%`;
}

/** `2025-12-01 00:00:00 UTC`; text that is no time stays as it is. */
export function formatTime(iso: string): string {
  const time = new Date(iso);
  return Number.isNaN(time.getTime()) ? iso : `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function formatScaled(value: number, units: readonly string[]): string {
  const power = Math.max(0, Math.min(Math.floor(Math.log10(Math.max(value, 1)) / 3), units.length - 1));
  const scaled = value / 1000 ** power;
  const text = power === 0 ? String(Math.round(scaled * 10) / 10) : String(Number(scaled.toPrecision(3)));
  return `${text}${NBSP}${units[power]}`;
}
