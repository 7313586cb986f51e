import { expect, test } from '@jest/globals';
import { planRuns } from './plan-runs.ts';
import type { Coverage } from './worker-process.ts';

const cleanRun = (path: string, coverage: Partial<Coverage>, durationMs = 1_000) => ({
  path,
  durationMs,
  coverage: { static: {}, perTest: {}, ...coverage },
  tests: { 'reads (a)': 100, 'reads b': 300, 'reads c': 500 },
});
const plan = (...cleanRuns: ReturnType<typeof cleanRun>[]) =>
  planRuns({ mutantId: '7', file: 'packages/x/src/reader.ts', cleanRuns });

test('only the tests that reach a mutant run', () => {
  const perTest = { 'reads (a)': { '7': 1 }, 'reads b': { '7': 2, '8': 1 }, 'reads c': { '8': 1 } };
  const [run] = plan(cleanRun('/x/reader.test.ts', { perTest }));
  const pattern = new RegExp(run?.testNamePattern ?? '');
  const names = ['reads (a)', 'reads b', 'reads c', 'reads b twice'];
  expect(names.filter((name) => pattern.test(name))).toEqual(['reads (a)', 'reads b']);
  // Three times 100 ms for loading and 400 ms of tests, plus the slack.
  expect(run?.timeoutMs).toBe(6_500);
  expect(run?.hitLimit).toBe(300);
});

test('all tests of a file run if it reaches the mutant outside of its tests', () => {
  const reached = { static: { '7': 1 }, perTest: { 'reads b': { '7': 1 } } };
  expect(plan(cleanRun('/x/reader.test.ts', reached))).toEqual([
    { path: '/x/reader.test.ts', timeoutMs: 8_000, hitLimit: 200 },
  ]);
});

test('no test runs if none reaches the mutant', () => {
  expect(plan(cleanRun('/x/reader.test.ts', { static: { '8': 1 }, perTest: { 'reads b': { '8': 1 } } }))).toEqual([]);
});

test('the test file of the mutated source runs first, followed by the fastest tests', () => {
  const reached = { static: { '7': 1 } };
  const runs = plan(
    cleanRun('/x/slow.test.ts', reached, 9_000),
    cleanRun('/x/fast.test.ts', reached, 10),
    cleanRun('/x/reader.integration.test.ts', reached, 20_000),
  );
  expect(runs.map(({ path }) => path)).toEqual(['/x/reader.integration.test.ts', '/x/fast.test.ts', '/x/slow.test.ts']);
});
