/** @type {import('jest').Config} */
export default {
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  // js first: the mapper below takes `.js` off relative imports, also inside packages, and there the compiled file is meant.
  moduleFileExtensions: ['js', 'mjs', 'cjs', 'ts', 'json', 'node'],
  moduleNameMapper: {
    '^nestjs-redis-lock$': '<rootDir>/libs/redis-lock/src/index.ts',
    '^nestjs-redis-lock/swagger$': '<rootDir>/libs/redis-lock/src/swagger/index.ts',
    '^nestjs-redis-lock/testing$': '<rootDir>/libs/redis-lock/src/testing/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: { '^.+\\.ts$': '@swc/jest' },
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
  reporters: ['default', '<rootDir>/test/support/tally-reporter.mjs'],
  maxWorkers: 2,
  testTimeout: 30_000,
  randomize: false,
};
