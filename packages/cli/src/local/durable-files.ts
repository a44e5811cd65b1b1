import { closeSync, fsyncSync, openSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** Brings everything below a directory to the disk: the files, then the names under which they stand. */
export function syncTree(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const found = path.join(directory, entry.name);
    if (entry.isDirectory()) syncTree(found);
    else sync(found);
  }
  syncDirectory(directory);
}

/** Windows cannot open a directory, and orders renames itself. */
export function syncDirectory(directory: string): void {
  if (process.platform !== 'win32') sync(directory);
}

function sync(file: string): void {
  // Windows wants a file that may be written; a directory can only be read.
  const descriptor = openSync(file, process.platform === 'win32' ? 'r+' : 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
