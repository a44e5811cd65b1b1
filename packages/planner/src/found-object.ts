import type { ObjectRef, ObjectStat } from '@mapreduce/shared-utils';

/** An object that is to be an input, before it has been looked at. */
export interface FoundObject extends ObjectRef {
  readonly versionId?: string;
  /** As the listing or the inventory has it. */
  readonly stat?: ObjectStat;
  /** The inventory that has it, for messages. */
  readonly inventory?: string;
}

export interface KeyFilter {
  readonly prefix?: string | undefined;
  readonly suffix?: string | undefined;
}

export function isWanted(key: string, { prefix = '', suffix = '' }: KeyFilter): boolean {
  return key.startsWith(prefix) && key.endsWith(suffix);
}

/** What the S3 console makes of an empty "folder": not a file that somebody wrote. */
export function isFolderMarker(key: string, size: number | undefined): boolean {
  return key.endsWith('/') && size === 0;
}
