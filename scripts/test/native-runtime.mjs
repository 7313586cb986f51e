// Loads test files with node's own module loader instead of jest's. Jest compiles and evaluates all modules again for
// each file, in a separate context, which costs one to two seconds of CPU time for a test that starts the system. Here
// a worker loads a module once, like a process of the product. The files that a worker runs share modules, which is
// safe because modules hold no state.
import { createRequire, registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import Runtime from 'jest-runtime';

const require = createRequire(import.meta.url);
const globals = Symbol.for('bulkhead.test-globals');
const globalsModule = `
  export const { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest, test } =
    globalThis[Symbol.for('bulkhead.test-globals')];`;
let fileNumber = 0;

registerHooks({
  resolve(specifier, context, nextResolve) {
    if (specifier !== '@jest/globals') {
      return nextResolve(specifier, { ...context, conditions: ['@bulkhead/source', ...context.conditions] });
    }
    // The number makes node evaluate the module again for each file, because each file has its own `test` and
    // `describe`.
    const url = `data:text/javascript,${encodeURIComponent(`${globalsModule} // ${fileNumber}`)}`;
    return { url, format: 'module', shortCircuit: true };
  },
});

class NativeRuntime extends Runtime {
  /**
   * jest-circus, which holds the tests of one file. Its event handlers are in a global, where the next file would find
   * those of the last one.
   */
  requireInternalModule(path) {
    delete globalThis[Symbol.for('EVENT_HANDLERS')];
    delete require.cache[path];
    return require(path);
  }

  unstable_shouldLoadAsEsm() {
    return true;
  }

  unstable_importModule(path) {
    return import(pathToFileURL(path).href);
  }

  setGlobalsForRuntime(ofFile) {
    fileNumber++;
    globalThis[globals] = { ...ofFile, jest: this.jestGlobals.jestObjectFor(this._testPath) };
  }
}

// Jest requires this file and expects a class, as a CommonJS module exports it.
export { NativeRuntime as 'module.exports' };
