import { expect, it } from '@jest/globals';
import { countTests, emptyReport, joinReports } from './count-tests.ts';

it('countTests counts the tests, and each file that cannot run as a failure', () => {
  expect(countTests({ numPassedTests: 7, numFailedTests: 2, numRuntimeErrorTestSuites: 1 })).toEqual({
    passed: 7,
    failed: 3,
  });
});

it('countTests counts a missing report as a failure', () => {
  expect(countTests(undefined)).toEqual({ passed: 0, failed: 1 });
});

it('joinReports has the files and the counts of both reports', () => {
  const file = (name: string) => ({ name, startTime: 1, endTime: 2, assertionResults: [] });
  const left = { testResults: [file('a')], numPassedTests: 7, numFailedTests: 2, numRuntimeErrorTestSuites: 1 };
  const right = { testResults: [file('b')], numPassedTests: 30, numFailedTests: 20, numRuntimeErrorTestSuites: 10 };
  expect(joinReports(left, right)).toEqual({
    testResults: [file('a'), file('b')],
    numPassedTests: 37,
    numFailedTests: 22,
    numRuntimeErrorTestSuites: 11,
  });
  expect(joinReports(emptyReport, left)).toEqual(left);
});
