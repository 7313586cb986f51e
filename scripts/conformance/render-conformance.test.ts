import { expect, test } from '@jest/globals';
import { renderConformance } from './render-conformance.ts';

const rule = { id: 'resume', text: 'Resumes at the byte.', source: 'RFC 9110' };
const report = (...results: { fullName: string; status: string }[]) => ({
  testResults: [{ name: '/repo/packages/x/a.test.ts', assertionResults: results }],
});
const render = (results: ReturnType<typeof report>) =>
  renderConformance({ rules: [rule], report: results, root: '/repo' });

test('renderConformance names the tests of a rule, without their tags', () => {
  const { markdown, faults } = render(report({ fullName: 'a file | resumes #resume', status: 'passed' }));
  expect(faults).toEqual([]);
  expect(markdown).toContain(
    '| **resume**: Resumes at the byte. | RFC 9110 | `packages/x/a.test.ts`: a file \\| resumes |',
  );
});

test.each([
  { name: 'a rule without a test', results: report({ fullName: 'other', status: 'passed' }), fault: /no test/ },
  { name: 'a test that failed', results: report({ fullName: 'x #resume', status: 'failed' }), fault: /did not pass/ },
  {
    name: 'a test that was skipped',
    results: report({ fullName: 'x #resume', status: 'pending' }),
    fault: /did not pass/,
  },
  {
    name: 'a tag without a rule',
    results: report({ fullName: 'x #resmue #resume', status: 'passed' }),
    fault: /#resmue/,
  },
])('renderConformance reports $name as a fault', ({ results, fault }) => {
  expect(render(results).faults).toEqual([expect.stringMatching(fault)]);
});
