import { defineConfig } from 'rolldown';

/**
 * A worker as one file, beside what it loads only when it is wanted. Its imports are 1,400 modules, whose texts V8 keeps, with all
 * that nobody calls, for as long as the process lives (docs/performance.md).
 */
export default defineConfig({
  input: 'src/main.ts',
  platform: 'node',
  resolve: { conditionNames: ['@bulkhead/source', 'node', 'import', 'default'] },
  output: {
    dir: 'dist/bundle',
    cleanDir: true,
    comments: { legal: true, annotation: false, jsdoc: false },
    // With one character outside of Latin-1, V8 keeps the whole text with two bytes for each.
    charset: 'ascii',
    // Some libraries tell errors by the names of their classes.
    keepNames: true,
  },
});
