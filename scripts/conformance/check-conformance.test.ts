import { expect, test } from '@jest/globals';
import { checkConformance } from './check-conformance.ts';

const page = '| rule | source | text |\n| --- | --- | --- |\n| resume | RFC 9110 | Resumes at the byte. |\n';
const check = (fullName: string, status: string) => {
  const results = [{ fullName, status }];
  const file = { name: '/repo/packages/x/a.test.ts', startTime: 0, endTime: 1, assertionResults: results };
  return checkConformance({ page, report: { testResults: [file] }, root: '/repo' });
};

test('a rule with a test that passed is no fault', () => {
  expect(check('a file | resumes #resume', 'passed')).toEqual([]);
});

test.each([
  { name: 'a rule without a test', title: 'other', status: 'passed', fault: /no test names the rule #resume/ },
  { name: 'a test that failed', title: 'x #resume', status: 'failed', fault: /x\/a\.test\.ts: .* did not pass/ },
  { name: 'a test that was skipped', title: 'x #resume', status: 'pending', fault: /did not pass/ },
  { name: 'a tag without a rule', title: 'x #resmue #resume', status: 'passed', fault: /#resmue/ },
])('$name is a fault', ({ title, status, fault }) => {
  expect(check(title, status)).toEqual([expect.stringMatching(fault)]);
});
