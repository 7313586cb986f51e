import { flushCompileCache } from 'node:module';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ModernFakeTimers } from '@jest/fake-timers';
import { ModuleMocker } from 'jest-mock';

// Each worker of jest has its own MongoDB, see test-servers.ts.
const { MONGODB_URIS, JEST_WORKER_ID = '1' } = process.env;
if (MONGODB_URIS) {
  const addresses = MONGODB_URIS.split(' ');
  process.env.MONGODB_URI = addresses[(Number(JEST_WORKER_ID) - 1) % addresses.length];
}

/** Of result-cache/record-inputs.mjs, if this run records what each file depends on. */
const inputs = process.env.BULKHEAD_INPUTS_FOLDER && globalThis[Symbol.for('bulkhead.inputs')];

/** Where `testServices` lists the databases of the file. */
const databases = Symbol.for('bulkhead.test-databases');

/**
 * Runs test files in the worker's own context, see native-runtime.mjs. Restores after each file what the file and jest
 * changed in the process.
 */
// biome-ignore lint/style/noDefaultExport: jest requires a default export.
export default class NativeEnvironment {
  global = globalThis;
  moduleMocker = new ModuleMocker(globalThis);
  fakeTimers = null;
  #env = { ...process.env };
  #console = globalThis.console;
  #exit = process.exit;

  constructor({ projectConfig }, { testPath }) {
    this.testPath = testPath;
    const name = relative(projectConfig.rootDir, testPath).replaceAll('/', '+');
    if (inputs) inputs.begin(join(process.env.BULKHEAD_INPUTS_FOLDER, name));
    this.fakeTimersModern = new ModernFakeTimers({ config: projectConfig, global: globalThis });
  }

  async setup() {
    globalThis[databases] = [];
  }

  /** After jest has loaded the file, and before its first test. */
  handleTestEvent({ name }) {
    if (inputs && name === 'run_start') inputs.imported();
  }

  async teardown() {
    if (inputs) inputs.end(pathToFileURL(this.testPath).href);
    this.fakeTimersModern.dispose();
    for (const name of Object.keys(process.env)) if (!(name in this.#env)) delete process.env[name];
    Object.assign(process.env, this.#env);
    globalThis.console = this.#console;
    process.exit = this.#exit;
    // jest ends a worker that needs more than half a second to exit. To write the compile cache needs that long on a busy
    // machine.
    flushCompileCache();
    // With the thousand databases of a whole run, the engine would need almost twice the CPU time.
    if (globalThis[databases].length === 0) return;
    // Unit tests need no driver.
    const { dropDatabases } = await import('@bulkhead/embedded');
    await dropDatabases(globalThis[databases]);
  }

  exportConditions() {
    return [];
  }

  /** Jest requires this method. Jest's version would load modules into the context. */
  getVmContext() {
    return null;
  }
}
