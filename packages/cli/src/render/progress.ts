import { SingleBar } from 'cli-progress';
import { formatBytes } from './format';

export interface Progress {
  stop(): void;
}

const REDRAW_MS = 100;

/** What stands beside the bar: `100 %  1.23 GB of 1.23 GB  123 MB/s  12m34s left`. */
const TEXT_COLUMNS = 56;

/** A bar on standard error while the input is read; nothing where that is not a terminal. */
export function startProgress(totalBytes: number, bytesRead: () => number): Progress {
  const startedMs = performance.now();
  const bar = new SingleBar({
    format: '{bar} {percentage} %  {read} of {size}  {rate}/s  {eta_formatted} left',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: Math.min(Math.max((process.stderr.columns ?? 80) - TEXT_COLUMNS, 5), 40),
    clearOnComplete: true,
    hideCursor: true,
    etaBuffer: 50,
    stream: process.stderr,
  });
  const fields = () => {
    const seconds = Math.max((performance.now() - startedMs) / 1000, 0.001);
    return {
      read: formatBytes(bytesRead()),
      size: formatBytes(totalBytes),
      rate: formatBytes(Math.round(bytesRead() / seconds)),
    };
  };
  bar.start(Math.max(totalBytes, 1), 0, fields());
  // A split also looks past its end for the rest of its last line, so more can be read than there is.
  const timer = setInterval(() => bar.update(Math.min(bytesRead(), totalBytes), fields()), REDRAW_MS);
  return {
    stop: () => {
      clearInterval(timer);
      bar.stop();
    },
  };
}
