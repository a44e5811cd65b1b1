import { availableParallelism } from 'node:os';
import { escapeUnprintable, MAX_PARTITIONS } from '@mapreduce/shared-utils';
import { Command, CommanderError, Option } from 'commander';
import { version } from '../package.json';
import { fieldName, ratio, someOf, wholeNumber } from './arguments';
import { addCloudCommands } from './cloud-program';
import type { DiffFlags } from './commands/diff';
import type { ReplayFlags } from './commands/replay';
import type { ReportFlags } from './commands/report';
import type { RunFlags } from './commands/run';
import type { TopFlags } from './commands/top';
import type { VerifyFlags } from './commands/verify';
import { CHANGE_KINDS } from './local/change-kinds';

const EXIT = { success: 0, usage: 1, failed: 2 } as const;

const MIB = 1024 * 1024;

const EXIT_CODES_HELP = `
Exit codes: 0 success; 1 usage; 2 the run or check failed, nothing was published;
129, 130, 143 interrupted by SIGHUP, SIGINT, SIGTERM, nothing was published.`;

export interface Program {
  /** Runs one command line; resolves with the exit code, never rejects. */
  run(argv: readonly string[]): Promise<number>;
  /** As far as it is known, for where nobody reads what is printed. */
  readonly exitCode: number;
}

export function createProgram(signal: AbortSignal): Program {
  let exitCode: number = EXIT.success;
  const fail = () => {
    exitCode = EXIT.failed;
  };
  const program = new Command('mapreduce')
    .description('Exact counts per unique URL from JSONL, on one machine or on AWS.')
    .version(version)
    .addHelpText('after', EXIT_CODES_HELP)
    .configureOutput({
      outputError: (text, write) => write(`${text.trimEnd().replace(/^error: /, 'mapreduce: ')}\n`),
    })
    .showHelpAfterError('Try the same with --help.')
    .exitOverride();
  addRun(program, signal);
  addTop(program, signal);
  addVerify(program, signal, fail);
  addDiff(program, signal);
  addReplay(program, signal);
  addReport(program, signal);
  addInspect(program, signal);
  addGenerate(program, signal);
  addCloudCommands(program, signal, fail);
  return {
    get exitCode() {
      return exitCode;
    },
    run: async (argv) => {
      try {
        await program.parseAsync(argv as string[]);
        return exitCode;
      } catch (error) {
        if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.success : EXIT.usage;
        const message = signal.aborted ? 'interrupted; nothing was published' : messageOf(error);
        process.stderr.write(`mapreduce: ${message}\n`);
        return EXIT.failed;
      }
    },
  };
}

function addRun(program: Command, signal: AbortSignal): void {
  program
    .command('run')
    .summary('count the URLs of JSONL files')
    .description(
      'Counts the URLs of JSONL files, plain or in gzip or zstd, and writes bucket_<p>.json, manifest.json and rejects/ into a directory. Each input is a file, a directory (all files in it) or a quoted glob pattern.',
    )
    .argument('<input...>', 'files, directories or glob patterns')
    .requiredOption('-o, --out <directory>', 'where the output goes; empty or missing, unless --overwrite')
    .option('--num-buckets <n>', 'number of output files', wholeNumber(1, MAX_PARTITIONS), 32)
    .option('--url-field <name>', 'field that holds the URL; dots lead into nested objects', fieldName, 'url')
    .option(
      '--split-bytes <n>',
      'bytes of a file that one task reads (default: by input size)',
      wholeNumber(1),
    )
    .option('--workers <n>', 'worker threads', wholeNumber(1, 256), availableParallelism())
    .option('--max-line-bytes <n>', 'longest line that is read', wholeNumber(1, 256 * MIB), 16 * MIB)
    .option('--table-bytes <n>', 'memory for distinct URLs, a worker', wholeNumber(1, 512 * MIB), 32 * MIB)
    .addOption(
      new Option('--engine <name>', 'what counts (default: wasm, where there is SIMD)').choices([
        'wasm',
        'reference',
      ]),
    )
    .option(
      '--max-decompressed-bytes <n>',
      'most bytes that one compressed file may hold (default: no limit)',
      wholeNumber(0),
    )
    .option('--max-bad-records <n>', 'bad lines that do not fail the run (default: 0)', wholeNumber(0))
    .option('--max-bad-ratio <r>', 'share of bad lines that does not fail the run, 0 to 1', ratio)
    .option('--overwrite', 'replace an earlier output')
    .option(
      '--report',
      'write report.html into the output: a page that shows what happened, also of a failed run',
    )
    .option('--ui', 'show the run in a browser on this machine while it goes on')
    .option('--json', 'print the manifest instead of a report')
    .option('-q, --quiet', 'print nothing but errors')
    .addHelpText(
      'after',
      '\nExample:\n  mapreduce run logs/ "archive/2025-*.jsonl.gz" --out counts --max-bad-records 10',
    )
    .action(async (inputs: string[], flags: RunFlags) => {
      const { run } = await import('./commands/run');
      await run(inputs, flags, signal);
    });
}

function addTop(program: Command, signal: AbortSignal): void {
  program
    .command('top')
    .summary('print the most frequent URLs of an output')
    .description('Prints the most frequent URLs of an output: count descending, equal counts by UTF-8 bytes.')
    .argument('<out>', 'directory that `mapreduce run` wrote')
    .option('-n, --limit <n>', 'how many', wholeNumber(1, 1_000_000), 20)
    .option('--json', 'print a JSON array, URLs unaltered')
    .action(async (out: string, flags: TopFlags) => {
      const { top } = await import('./commands/top');
      await top(out, flags, signal);
    });
}

function addVerify(program: Command, signal: AbortSignal, onFault: () => void): void {
  program
    .command('verify')
    .summary('check an output, and count its input again')
    .description(
      'Recomputes checksums, totals, order and top URLs of an output from its files. With the input, counts that again and compares.',
    )
    .argument('<out>', 'directory that `mapreduce run` wrote')
    .argument('[input...]', 'the files, directories or glob patterns that were counted')
    .option('--json', 'print the result as JSON')
    .action(async (out: string, inputs: string[], flags: VerifyFlags) => {
      const { verify } = await import('./commands/verify');
      await verify(out, inputs, flags, signal, onFault);
    });
}

function addDiff(program: Command, signal: AbortSignal): void {
  program
    .command('diff')
    .summary('compare two outputs')
    .description(
      'Says which URLs are new, gone, risen or fallen from one output to another, the greatest changes first. Reads both once, in constant memory.',
    )
    .argument('<before>', 'directory that `mapreduce run` wrote')
    .argument('<after>', 'another one')
    .option('-n, --limit <n>', 'how many changes to name', wholeNumber(0, 1_000_000), 20)
    .addOption(
      new Option('--only <kinds>', `kinds of changes to name, of ${CHANGE_KINDS.join(',')}`)
        .argParser(someOf(CHANGE_KINDS))
        .default([...CHANGE_KINDS], 'all'),
    )
    .option('--json', 'print the result as JSON, URLs unaltered')
    .addHelpText('after', '\nExample:\n  mapreduce diff counts-monday counts-tuesday --only new,gone')
    .action(async (before: string, after: string, flags: DiffFlags) => {
      const { diff } = await import('./commands/diff');
      await diff(before, after, flags, signal);
    });
}

function addReplay(program: Command, signal: AbortSignal): void {
  program
    .command('replay')
    .summary('read the rejected lines of an output again')
    .description(
      'Reads the lines that rejects/ lists again, after they were mended in the input or with another rule, and says what they would add. Lines that were not rejected must be as they were.',
    )
    .argument('<out>', 'directory that `mapreduce run` wrote')
    .option('--url-field <name>', 'field that holds the URL (default: that of the run)', fieldName)
    .option(
      '--max-line-bytes <n>',
      'longest line that is read (default: that of the run)',
      wholeNumber(1, 256 * MIB),
    )
    .option('-n, --limit <n>', 'how many URLs to print', wholeNumber(1, 1_000_000), 20)
    .option('--json', 'print the result as JSON, all URLs unaltered')
    .action(async (out: string, flags: ReplayFlags) => {
      const { replay } = await import('./commands/replay');
      await replay(out, flags, signal);
    });
}

function addReport(program: Command, signal: AbortSignal): void {
  program
    .command('report')
    .summary('write a page that shows an output')
    .description(
      'Writes one HTML file that shows what a run did: its ledger, top URLs, tasks, partitions and bad lines. It needs nothing else, loads nothing and sends nothing.',
    )
    .argument('<out>', 'directory that `mapreduce run` wrote')
    .option('--page <file>', 'where the page goes (default: report.html in the directory)')
    .option('--open', 'show it in the browser')
    .action(async (out: string, flags: ReportFlags) => {
      const { report } = await import('./commands/report');
      await report(out, flags, signal);
    });
}

function addInspect(program: Command, signal: AbortSignal): void {
  program
    .command('inspect')
    .summary('print a shuffle object')
    .description(
      'Prints a shuffle object of the temporary bucket, runs/<run id>/shuffle/<split>-<attempt>.bin, as JSONL: a partition, a URL and its count a line.',
    )
    .argument('<file>', 'a shuffle object')
    .action(async (file: string) => {
      const { inspect } = await import('./commands/inspect');
      await inspect(file, signal);
    });
}

interface GenerateFlags {
  readonly lines: number;
  readonly unique?: number;
  readonly seed: number;
  readonly dirt: number;
  readonly out?: string;
}

function addGenerate(program: Command, signal: AbortSignal): void {
  program
    .command('generate')
    .summary('write reproducible sample data')
    .description(
      'Writes access records as JSONL with Zipf-like URLs, about 200 bytes a line, the same for the same options.',
    )
    .option('--lines <n>', 'number of lines', wholeNumber(0), 100_000)
    .option(
      '--unique <n>',
      'number of different URLs (default: a tenth of the lines, at most 10000)',
      wholeNumber(1, 2 ** 31),
    )
    .option('--seed <n>', 'seed of the random numbers', wholeNumber(0, 2 ** 31), 1)
    .option('--dirt <r>', 'share of lines that cannot be counted, 0 to 1', ratio, 0)
    .option('-o, --out <file>', 'file to write (default: standard output)')
    .action(async ({ out, ...options }: GenerateFlags) => {
      const { lines, unique = Math.max(1, Math.min(10_000, Math.floor(lines / 10))) } = options;
      const { generate } = await import('./commands/generate');
      await generate({ ...options, unique }, out, signal);
    });
}

function messageOf(error: unknown): string {
  // File names come in messages as they are: they must not move the cursor or forge a line.
  return escapeUnprintable(error instanceof Error ? error.message : String(error));
}
