// Files on which the engines differ.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { referenceKernel, wasmKernel } from '../packages/kernel/src';
import { CORPUS_FIELDS, CORPUS_LAYOUT, examine, examineWhole } from '../packages/kernel/test/examine';
import { CORPUS } from './seeds.mjs';

const SHRINK_MS = 20_000;

/** An engine that fails differs too. */
export function differs({ file, layout }) {
  const expected = examineWhole(referenceKernel, file, layout);
  try {
    return !isDeepStrictEqual(examine(wasmKernel, file, layout), expected);
  } catch (error) {
    if (error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    return true;
  }
}

/** Puts it where the kernel's tests find it; returns where that is. */
export function saveFinding({ file }) {
  const to = `${CORPUS}/found-${createHash('sha256').update(file).digest('hex').slice(0, 8)}.jsonl`;
  writeFileSync(to, file);
  return to;
}

/**
 * Leaves out ever smaller pieces while the rest still differs, if it can the way the kernel's tests examine it, and
 * writes what is left to `to`.
 */
export function shrink({ file, layout: found }, to) {
  const usual = CORPUS_FIELDS.map((urlField) => ({ ...CORPUS_LAYOUT, urlField, chunkBytes: file.length }));
  const layout = usual.find((candidate) => differs({ file, layout: candidate })) ?? found;
  const deadline = performance.now() + SHRINK_MS;
  let rest = file;
  for (let size = rest.length; size > 0; size >>= 1) {
    for (let at = 0; at < rest.length && performance.now() < deadline; ) {
      const less = Buffer.concat([rest.subarray(0, at), rest.subarray(at + size)]);
      if (differs({ file: less, layout })) rest = less;
      else at += size;
    }
  }
  writeFileSync(to, rest);
  return { file: rest, layout };
}
