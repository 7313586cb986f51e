import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import swcJest from '@swc/jest';

/** @swc/jest with the instrumented text instead of a mutated source. No file of the checkout is changed. */
function createTransformer({ swcOptions, instrumentedFile }) {
  const instrumented = JSON.parse(readFileSync(instrumentedFile, 'utf8'));
  const swc = swcJest.createTransformer(swcOptions);
  const textOf = (source, path) => instrumented[path] ?? source;
  return {
    process: (source, path, options) => swc.process(textOf(source, path), path, options),
    processAsync: (source, path, options) => swc.processAsync(textOf(source, path), path, options),
    // The configuration names a file that is new in every run. Without it in the key, unchanged sources stay in jest's
    // cache.
    getCacheKey: (source, path) => createHash('sha256').update(path).update(textOf(source, path)).digest('hex'),
  };
}

// biome-ignore lint/style/noDefaultExport: jest requires a default export.
export default { createTransformer };
