import base from '../jest.config.mjs';

const here = import.meta.dirname;
const [, swcOptions] = base.transform['\\.ts$'];

/** The workspace's configuration, with sources that contain every mutant and an environment that switches one on. */
export default {
  ...base,
  rootDir: '../..',
  testEnvironment: `${here}/mutation-environment.mjs`,
  transform: {
    '\\.ts$': [
      `${here}/mutation-transform.mjs`,
      { swcOptions, instrumentedFile: process.env.MUTATION_INSTRUMENTED_FILE },
    ],
  },
};
