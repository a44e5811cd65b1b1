// The one jest configuration; every package runs it as `jest -c ../../jest.config.cjs --rootDir .`.
/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  // Some packages are ES modules, which Jest cannot load, but for a build under this condition.
  testEnvironmentOptions: { customExportConditions: ['node', 'node-addons', 'umd'] },
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: {
    '^.+\\.ts$': [
      require.resolve('ts-jest'),
      {
        tsconfig: {
          target: 'ES2024',
          module: 'CommonJS',
          moduleResolution: 'Bundler',
          verbatimModuleSyntax: false,
          esModuleInterop: true,
          isolatedModules: true,
          resolveJsonModule: true,
        },
        diagnostics: false,
      },
    ],
  },
  // Properties and fault tests take seconds on a busy machine; a hang still ends the run.
  testTimeout: 120_000,
  setupFilesAfterEnv: [`${__dirname}/jest.setup.cjs`],
};
