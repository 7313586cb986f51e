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
  testEnvironmentOptions: { customExportConditions: ['@bulkhead/source', 'node', 'node-addons', 'import'] },
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2024' },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  // An integration test talks to three servers; the slowest of them (a whole export with a killed worker) takes 15 s.
  testTimeout: 60_000,
  // Two cores: more workers only make the servers they share slower.
  maxWorkers: 2,
};
