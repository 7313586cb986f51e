import { fileURLToPath } from 'node:url';
import { maxWorkers } from './test/max-workers.ts';

/**
 * One configuration for the whole workspace. `npm test` first starts Redis and MongoDB and passes their addresses in
 * REDIS_URL and MONGODB_URI. Unit tests (`x.test.ts`) need neither.
 *
 * @type {import('jest').Config}
 */
export default {
  rootDir: '..',
  roots: ['<rootDir>/apps', '<rootDir>/packages', '<rootDir>/scripts'],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['/dist/'],
  // The next two replace jest's module loader by that of node.
  runtime: fileURLToPath(new URL('test/native-runtime.mjs', import.meta.url)),
  testEnvironment: fileURLToPath(new URL('test/native-environment.mjs', import.meta.url)),
  injectGlobals: false,
  transform: {},
  // A test of a whole system takes ten seconds, and on busy cores ten times as long. One limit for all: it ends what hangs. A test of minutes sets its own.
  testTimeout: 180_000,
  testSequencer: fileURLToPath(new URL('test/longest-first.mjs', import.meta.url)),
  maxWorkers,
};
