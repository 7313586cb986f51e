// Loads test files with node's own module loader instead of jest's. Jest compiles and evaluates all modules again for
// each file, in a separate context, which costs one to two seconds of CPU time for a test that starts the system. Here
// a worker loads a module once, like a process of the product. The files that a worker runs share modules, which is
// safe because modules hold no state.
import { createRequire, registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import Runtime from 'jest-runtime';

const require = createRequire(import.meta.url);
const globals = Symbol.for('bulkhead.test-globals');
const names = 'afterAll afterEach beforeAll beforeEach describe expect it jest test'.split(' ');
/** What files import as `@jest/globals`. Each call goes to the file that runs, because a helper that files share is loaded once. */
const globalsModule = `
  const ofFile = (name) => globalThis[Symbol.for('bulkhead.test-globals')][name];
  const forward = (name) => new Proxy(() => undefined, {
    apply: (_target, _self, args) => ofFile(name)(...args),
    get: (_target, member) => ofFile(name)[member],
  });
  ${names.map((name) => `export const ${name} = forward('${name}');`).join('\n')}`;
const globalsUrl = `data:text/javascript,${encodeURIComponent(globalsModule)}`;

registerHooks({
  resolve(specifier, context, nextResolve) {
    if (specifier === '@jest/globals') return { url: globalsUrl, format: 'module', shortCircuit: true };
    return nextResolve(specifier, { ...context, conditions: ['@bulkhead/source', ...context.conditions] });
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
    globalThis[globals] = { ...ofFile, jest: this.jestGlobals.jestObjectFor(this._testPath) };
  }
}

// Jest requires this file and expects a class, as a CommonJS module exports it.
export { NativeRuntime as 'module.exports' };
