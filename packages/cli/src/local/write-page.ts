import { randomBytes } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { InvalidInputError } from '@mapreduce/shared-utils';

/** Writes a page that appears whole or not at all. @throws InvalidInputError where it cannot be written */
export async function writePage(file: string, page: string): Promise<void> {
  const unfinished = path.join(
    path.dirname(file),
    `.${path.basename(file)}-${randomBytes(4).toString('hex')}`,
  );
  try {
    await writeFile(unfinished, page);
    await rename(unfinished, file);
  } catch (cause) {
    await rm(unfinished, { force: true });
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new InvalidInputError(
      `${file}: expected a file that can be written, got ${code ?? message}; choose another with \`mapreduce report --page\``,
      { cause },
    );
  }
}
