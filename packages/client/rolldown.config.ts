import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'rolldown';
import { thirdPartyLicenses } from '../../scripts/release/third-party-licenses.ts';

/** Bundles the client, with the types that it needs, so that the package has no dependencies. */
export default defineConfig({
  input: 'src/index.ts',
  platform: 'neutral',
  plugins: [declarations(), thirdPartyLicenses()],
  output: { dir: 'dist/bundle', cleanDir: true, comments: { legal: true, annotation: false, jsdoc: true } },
});

/** Puts the declarations of `tsc`, and those of the packages that they name, beside the bundle. */
function declarations() {
  const openapiFetch = fileURLToPath(import.meta.resolve('openapi-fetch'));
  const helpers = createRequire(openapiFetch).resolve('openapi-typescript-helpers');
  const sources = globSync('src/*.ts')
    .map((file) => basename(file, '.ts'))
    .filter((name) => !name.endsWith('.test'));
  const files = {
    ...Object.fromEntries(sources.map((name) => [name, `dist/${name}.d.ts`])),
    'openapi-fetch': openapiFetch.replace(/[.]mjs$/, '.d.mts'),
    'openapi-typescript-helpers': helpers.replace(/[.]c?js$/, '.d.cts'),
  };
  return {
    name: 'declarations',
    generateBundle(this: { emitFile(file: { type: 'asset'; fileName: string; source: string }): unknown }) {
      for (const [name, file] of Object.entries(files)) {
        const source = readFileSync(file, 'utf8')
          .replaceAll(/(["'])(openapi-fetch|openapi-typescript-helpers)\1/g, '"./$2.js"')
          .replaceAll(/(["']\.\/[\w-]+)[.]ts(["'])/g, '$1.js$2')
          .replaceAll(/^\/\/# sourceMappingURL=.*$/gm, '');
        this.emitFile({ type: 'asset', fileName: `${name}.d.ts`, source });
      }
    },
  };
}
