import { describe, expect, test } from '@jest/globals';
import { renderConformance } from './render-conformance.ts';

const rule = { id: 'resume', text: 'Resumes at the byte.', source: 'RFC 9110' };
const report = (...results: { fullName: string; status: string }[]) => ({
  testResults: [{ name: '/repo/packages/x/a.test.ts', assertionResults: results }],
});
const render = (given: ReturnType<typeof report>) => renderConformance({ rules: [rule], report: given, root: '/repo' });

describe('renderConformance', () => {
  test('names the tests of a rule, without their tags', () => {
    const { markdown, faults } = render(report({ fullName: 'a file | resumes #resume', status: 'passed' }));
    expect(faults).toEqual([]);
    expect(markdown).toContain(
      '| **resume**: Resumes at the byte. | RFC 9110 | `packages/x/a.test.ts`: a file \\| resumes |',
    );
  });

  test.each([
    { name: 'a rule without a test', given: report({ fullName: 'other', status: 'passed' }), fault: /no test/ },
    { name: 'a test that failed', given: report({ fullName: 'x #resume', status: 'failed' }), fault: /did not pass/ },
    {
      name: 'a test that was skipped',
      given: report({ fullName: 'x #resume', status: 'pending' }),
      fault: /did not pass/,
    },
    {
      name: 'a tag without a rule',
      given: report({ fullName: 'x #resmue #resume', status: 'passed' }),
      fault: /#resmue/,
    },
  ])('reports $name as a fault', ({ given, fault }) => {
    expect(render(given).faults).toEqual([expect.stringMatching(fault)]);
  });
});
