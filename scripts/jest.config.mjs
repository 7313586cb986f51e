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
  // They replace jest's module loader by node's.
  runtime: fileURLToPath(new URL('test/native-runtime.mjs', import.meta.url)),
  testEnvironment: fileURLToPath(new URL('test/native-environment.mjs', import.meta.url)),
  injectGlobals: false,
  transform: {},
  // An integration test talks to three servers; a test that needs longer says so itself.
  testTimeout: 20_000,
  testSequencer: fileURLToPath(new URL('test/longest-first.mjs', import.meta.url)),
  // Two cores. Three at a time take a sixth less, but then waits of a second pass that tests still take for long enough.
  maxWorkers: 2,
};
