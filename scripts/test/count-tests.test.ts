import { expect, it } from '@jest/globals';
import { countTests } from './count-tests.ts';

it('countTests counts the tests, and each file that cannot run as a failure', () => {
  expect(countTests({ numPassedTests: 7, numFailedTests: 2, numRuntimeErrorTestSuites: 1 })).toEqual({
    passed: 7,
    failed: 3,
  });
});

it('countTests counts a missing report as a failure', () => {
  expect(countTests(undefined)).toEqual({ passed: 0, failed: 1 });
});
