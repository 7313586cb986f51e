// usage: node --run bundle    in the folder of the API, `serve`, the worker or the simulated EHR: bundles its programs into `dist`
import { createRequire } from 'node:module';
import { defineConfig } from 'rolldown';

const programSuffix = '.program.js';
const lazy = /[.]lazy[.]cjs$/;

/**
 * Loads the package with which MongoDB's driver prepares passwords only if it is needed. Printable ASCII characters stay as they are
 * (RFC 4013, section 2), so the tables of Unicode, which take 2 MB, are read only for other passwords.
 */
const lazySaslprep = {
  name: 'lazy-saslprep',
  resolveId: {
    filter: { id: /^@mongodb-js\/saslprep$/ },
    handler: (id: string, importer = '') => `${createRequire(importer).resolve(id)}.lazy.cjs`,
  },
  load: {
    filter: { id: lazy },
    handler(id: string) {
      const path = JSON.stringify(id.replace(lazy, ''));
      return `exports.saslprep = (password) => /^[ -~]*$/.test(password) ? password : require(${path})(password);`;
    },
  },
};

/** The oldest major version of Node.js with everything that the programs import, such as zstd in `node:zlib`. */
const oldestNode = 26;

/**
 * Starts each program by a file that an older Node.js can run too, so that it says in one line what is missing. The imports of the
 * program itself would fail before its first line.
 */
const nodeCheck = {
  name: 'node-check',
  generateBundle(
    this: { emitFile(file: { type: 'asset'; fileName: string; source: string }): unknown },
    _options: unknown,
    bundle: Readonly<Record<string, { readonly type: string; readonly isEntry?: boolean; readonly name?: string }>>,
  ) {
    for (const [fileName, { type, isEntry, name }] of Object.entries(bundle)) {
      if (type !== 'chunk' || !isEntry || fileName !== `${name}${programSuffix}`) continue;
      const source = `if (parseInt(process.versions.node) < ${oldestNode}) {
  console.error('Bulkhead needs Node.js ${oldestNode} or newer, and this is ' + process.version + '. Use the version that the installation brings: node_modules/.bin/node.');
  process.exit(1);
}
await import('./${fileName}');
`;
      this.emitFile({ type: 'asset', fileName: `${name}.js`, source });
    }
  },
};

/**
 * How the API, `serve`, the worker and the simulated EHR are shipped: each program is one file, plus what it shares with others or loads
 * only on demand. The worker imports 1,400 modules, which take time at each start, and V8 keeps their source texts, with all unused
 * functions, as long as the process lives (docs/performance.md).
 */
export default defineConfig({
  platform: 'node',
  resolve: {
    // Without `import` and `require`, which the bundler adds according to the kind of each import.
    conditionNames: ['node', 'default'],
    // MongoDB's parser of connection strings uses this implementation of URL, whose tables take 4 MB. Node has the same class.
    alias: { 'whatwg-url': 'node:url' },
  },
  plugins: [lazySaslprep, nodeCheck],
  // Bull Board's only call of eval is not reached, because the API tells it the path.
  checks: { eval: false },
  output: {
    // A name that does not depend on the content, so that the next build replaces the file.
    chunkFileNames: '[name].js',
    entryFileNames: `[name]${programSuffix}`,
    comments: { legal: true, annotation: false, jsdoc: false },
    // If one character is outside Latin-1, V8 stores the whole text with two bytes per character.
    charset: 'ascii',
    // Some libraries recognise errors by the names of their classes.
    keepNames: true,
  },
});
