import base from '../jest.config.mjs';

const here = import.meta.dirname;
const swcOptions = {
  jsc: { parser: { syntax: 'typescript' }, target: 'es2024' },
  module: { type: 'es6' },
  sourceMaps: 'inline',
};

/**
 * The configuration of the workspace, with sources that contain every mutant and an environment that activates one.
 * Jest loads the modules itself here: each file needs its own copy of them, because a mutant may corrupt their state.
 */
export default {
  ...base,
  rootDir: '../..',
  runtime: undefined,
  testEnvironment: `${here}/mutation-environment.mjs`,
  testEnvironmentOptions: { customExportConditions: ['@bulkhead/source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      `${here}/mutation-transform.mjs`,
      { swcOptions, instrumentedFile: process.env.MUTATION_INSTRUMENTED_FILE },
    ],
  },
};
