import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { getuid } from 'node:process';
import { type Finished, mapreduce, type ProcessOptions, readResult } from './command-line';
import { expectThat } from './experiment';

/** A user who may nothing: where this runs as root, nothing is forbidden. */
const NOBODY = 65_534;

export function asNobody(): ProcessOptions {
  return getuid?.() === 0 ? { uid: NOBODY } : {};
}

/** A file of one line. */
export async function writeInput(directory: string, name: string): Promise<string> {
  const file = path.join(directory, name);
  await writeFile(file, '{"url":"https://a.example/"}\n');
  return file;
}

export async function succeed(args: readonly string[]): Promise<void> {
  const { code, signal, stderr } = await mapreduce(args);
  expectThat(code === 0, () => `expected mapreduce ${args[0]} to succeed, got ${code ?? signal}: ${stderr}`);
}

export async function requireTotal(out: string, total: number): Promise<void> {
  const result = await readResult(out);
  expectThat(
    result?.includes(`"total":${total}}`) === true,
    () => `expected a total of ${total}, got ${result}`,
  );
}

export function requireRefusal({ code, signal, stderr }: Finished, message: RegExp): void {
  expectThat(code === 2, () => `expected exit code 2, got ${code ?? signal}: ${stderr}`);
  requireOneLine(stderr, message);
}

/** What a person gets to read: where, what was expected, what to do; no stack trace. */
export function requireOneLine(stderr: string, message: RegExp): void {
  const lines = stderr.trimEnd().split('\n');
  const isClear = lines.length === 1 && stderr.startsWith('mapreduce: ') && message.test(stderr);
  expectThat(isClear, () => `expected one line that matches ${message}, got ${stderr}`);
}
