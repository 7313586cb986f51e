import { fileURLToPath } from 'node:url';

/**
 * One configuration for the whole workspace. `npm test` starts Redis and MongoDB first and hands their addresses over in
 * REDIS_URL and MONGODB_URI; unit tests (`x.test.ts`) need neither.
 * @type {import('jest').Config}
 */
export default {
  rootDir: '..',
  roots: ['<rootDir>/apps', '<rootDir>/packages', '<rootDir>/scripts'],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['/dist/'],
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['@bulkhead/source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      // By path: jest would look for it in the root, and it is this folder's dependency.
      fileURLToPath(import.meta.resolve('@swc/jest')),
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2024' },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  // An integration test talks to three servers; a test that needs longer says so itself.
  testTimeout: 20_000,
  testSequencer: fileURLToPath(new URL('test/longest-first.mjs', import.meta.url)),
  // Two cores. Three at a time take a sixth less, but then waits of a second pass that tests still take for long enough.
  maxWorkers: 2,
};
