import { createProgram } from './program';

const interrupted = new AbortController();
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

// The first signal ends the run in good order; a second one does not wait for that.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (interrupted.signal.aborted) process.exit(EXIT_CODES[signal]);
    process.exitCode = EXIT_CODES[signal];
    interrupted.abort();
  });
}

// A reader such as `head` that has seen enough is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 2);
});

const exitCode = await createProgram(interrupted.signal).run(process.argv);
process.exitCode ??= exitCode;
