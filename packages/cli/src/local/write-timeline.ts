import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { formatDocument, TIMELINE_VERSION, type Timeline } from '@mapreduce/shared-utils';

export const TIMELINE = 'timeline.json';

/** Puts the timeline beside what a run has written. No room for it is no reason to fail: then there is none. */
export function writeTimeline(directory: string, timeline: Omit<Timeline, 'version'>): void {
  const file = path.join(directory, TIMELINE);
  try {
    writeFileSync(file, `${formatDocument({ version: TIMELINE_VERSION, ...timeline })}\n`);
  } catch {
    rmSync(file, { force: true });
  }
}
