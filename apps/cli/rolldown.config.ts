import { defineConfig } from 'rolldown';
import { thirdPartyLicenses } from '../../scripts/release/third-party-licenses.ts';

/** Bundles the command into one file, so that the package has no dependencies and runs with `npx` from a file. */
export default defineConfig({
  input: 'src/main.ts',
  platform: 'node',
  resolve: { conditionNames: ['@bulkhead/source', 'node', 'import', 'default'] },
  plugins: [thirdPartyLicenses()],
  output: { file: 'dist/bulkhead.js', comments: { legal: true, annotation: false, jsdoc: false } },
});
