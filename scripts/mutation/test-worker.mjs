// Runs test files in this process, one request after the other. The parent kills the process if a mutant makes it hang.
// This is plain JavaScript, because jest's packages declare their default exports for CommonJS, which TypeScript
// misinterprets.
import { join } from 'node:path';
import { readConfig } from 'jest-config';
import TestRunner from 'jest-runner';
import Runtime from 'jest-runtime';
import { TestWatcher } from 'jest-watcher';
import { activation } from './activation.mjs';

const { globalConfig, projectConfig } = await readConfig(
  // Silent, because mutated code may log anything.
  { $0: 'mutation', _: [], silent: true, runInBand: true },
  join(import.meta.dirname, 'jest.config.mjs'),
);
const context = await Runtime.createContext(projectConfig, { maxWorkers: 1, watch: false, watchman: false });

process.on('message', (request) => {
  void run(request).then((result) => process.send(result));
});
process.send('ready');

/**
 * @param {import('./worker-process.ts').RunRequest} request
 * @returns {Promise<import('./worker-process.ts').RunResult>}
 */
async function run({ mutantId, hitLimit, path, testNamePattern }) {
  const startedAt = performance.now();
  activation.mutantId = mutantId;
  activation.hitLimit = hitLimit;
  activation.coverage = undefined;
  const runner = new TestRunner({ ...globalConfig, ...(testNamePattern && { testNamePattern }) }, {});
  let failure;
  const tests = {};
  runner.on('test-file-success', ([, result]) => {
    const failed = result.testResults.find(({ status }) => status === 'failed');
    if (failed) failure = failed.fullName;
    else if (result.testExecError) failure = `${path} does not run: ${result.testExecError.message}`;
    for (const { status, fullName, duration } of result.testResults) {
      if (status === 'passed' || status === 'failed') tests[fullName] = duration ?? 0;
    }
  });
  runner.on('test-file-failure', ([, error]) => {
    failure = `${path} does not run: ${error.message}`;
  });
  await runner.runTests([{ context, path }], new TestWatcher({ isWatchMode: false }), { serial: true });
  return {
    ...(failure !== undefined && { failure }),
    durationMs: performance.now() - startedAt,
    coverage: activation.coverage ?? { static: {}, perTest: {} },
    tests,
    memoryBytes: process.memoryUsage.rss(),
  };
}
