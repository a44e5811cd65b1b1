import { createProgram } from './program';

const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
const interruption = new AbortController();
const program = createProgram(interruption.signal);

// The first signal ends the run in good order; a second one does not wait for that.
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (interruption.signal.aborted) process.exit(EXIT_CODES[signal]);
    interruption.abort(signal);
  });
}

// A reader such as `head` that has seen enough is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? program.exitCode : 2);
});

// Nobody reads the errors: the exit code still tells.
process.stderr.on('error', () => undefined);

const exitCode = await program.run(process.argv);
const interruptedBy = interruption.signal.reason as keyof typeof EXIT_CODES | undefined;
process.exitCode = exitCode === 0 || interruptedBy === undefined ? exitCode : EXIT_CODES[interruptedBy];
