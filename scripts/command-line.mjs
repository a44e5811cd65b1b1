// What the scripts for a real account share: options, exit codes, and one message in place of a stack trace.
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { S3Client } from '@aws-sdk/client-s3';

export const OK = 0;
const USAGE = 1;
export const FAILED = 2;

/** What is wrong with the way a script was called. */
export class UsageError extends Error {}

/**
 * Runs a script: `main` gets what `parseArgs` gives, and returns an exit code or nothing. Without arguments, or with
 * `--help`, the usage is printed.
 */
export async function runScript({ name, usage, options, allowPositionals = false }, main) {
  try {
    const args = process.argv.slice(2);
    const help = { help: { type: 'boolean', short: 'h', default: false } };
    const parsed = parse({ args, allowPositionals, options: { ...options, ...help } });
    if (parsed.values.help) console.log(usage);
    else if (args.length === 0) {
      console.error(usage);
      process.exitCode = USAGE;
    } else process.exitCode = (await main(parsed)) ?? OK;
  } catch (error) {
    const isUsage = error instanceof UsageError;
    console.error(`${name}: ${messageOf(error)}${isUsage ? '; --help explains the options' : ''}`);
    process.exitCode = isUsage ? USAGE : FAILED;
  }
}

function parse(config) {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new UsageError(error.message);
  }
}

/** An error of the SDK says what happened by its name, and sometimes only there. */
export function messageOf(error) {
  const { name, message } = error;
  const isNamed = error.$metadata !== undefined && !message.includes(name);
  return printable(isNamed ? `${name}: ${message}` : message || name);
}

/** Keys and answers must not move the cursor or forge a line. */
export function printable(value) {
  return value.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (char) => JSON.stringify(char).slice(1, -1));
}

export function required(values, option) {
  if (values[option] !== undefined && values[option] !== '') return values[option];
  throw new UsageError(`expected --${option}, got nothing`);
}

export function wholeNumber(values, option, { min, max }) {
  const value = values[option];
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= min && number <= max) return number;
  throw new UsageError(`expected --${option} to be a whole number from ${min} to ${max}, got "${value}"`);
}

/** A JSON document of a file, or of standard input for `-`. */
export async function readJson(file) {
  const json = file === '-' ? await text(process.stdin) : await readFile(file, 'utf8');
  try {
    return { json, value: JSON.parse(json) };
  } catch (error) {
    throw new Error(`${file}: expected JSON, got ${error.message}`, { cause: error });
  }
}

const silent = () => undefined;

export function connectS3() {
  return new S3Client({
    // A server on this machine has no host of its own for each bucket.
    forcePathStyle: process.env.AWS_ENDPOINT_URL !== undefined,
    // What went wrong is said once, by whoever gives up.
    logger: { trace: silent, debug: silent, info: silent, warn: silent, error: silent },
  });
}

const MAX_ATTEMPTS = 4;

/** Repeats what the SDK does not: a request whose body is streamed, or an answer that broke off. */
export async function persist(call) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      const status = error.$metadata?.httpStatusCode ?? 0;
      const isRefused = status >= 400 && status < 500 && status !== 429;
      if (isRefused || attempt === MAX_ATTEMPTS) throw error;
    }
    await delay(100 * 2 ** attempt * Math.random());
  }
}
