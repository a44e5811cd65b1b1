// Stray console output fails a test: what a module has to say goes through its logger or its caller.
for (const method of ['log', 'info', 'warn', 'error', 'debug']) {
  const original = console[method];
  beforeEach(() => {
    console[method] = (...args) => {
      throw new Error(`console.${method} called in a test: ${args.join(' ')}`);
    };
  });
  afterEach(() => {
    console[method] = original;
  });
}
