import { createRequire } from 'node:module';
import { defineConfig } from 'rolldown';

const fromDriver = createRequire(createRequire(import.meta.url).resolve('mongodb'));
const published = JSON.stringify(fromDriver.resolve('@mongodb-js/saslprep'));

/**
 * Takes the place of `@mongodb-js/saslprep`, with which MongoDB's driver prepares passwords. Printable ASCII characters stay as they
 * are (RFC 4013, section 2), so the tables of Unicode, which take 2 MB, are read only for other passwords.
 */
const saslprep = `exports.saslprep = (password) => /^[ -~]*$/.test(password) ? password : require(${published})(password);`;
const saslprepFile = 'saslprep.cjs';

/**
 * Bundles the worker into one file, plus the modules that it loads only on demand. The worker imports 1,400 modules, and V8 keeps their
 * source texts, with all unused functions, as long as the process lives (docs/performance.md).
 */
export default defineConfig({
  input: 'src/main.ts',
  platform: 'node',
  resolve: {
    conditionNames: ['@bulkhead/source', 'node', 'import', 'default'],
    // MongoDB's parser of connection strings uses this implementation of URL, whose tables take 4 MB. Node has the same class.
    alias: { 'whatwg-url': 'node:url' },
  },
  plugins: [
    {
      name: 'saslprep',
      resolveId: (id) => (id === '@mongodb-js/saslprep' ? saslprepFile : null),
      load: (id) => (id === saslprepFile ? saslprep : null),
    },
  ],
  output: {
    dir: 'dist/bundle',
    cleanDir: true,
    comments: { legal: true, annotation: false, jsdoc: false },
    // If one character is outside Latin-1, V8 stores the whole text with two bytes per character.
    charset: 'ascii',
    // Some libraries recognise errors by the names of their classes.
    keepNames: true,
  },
});
